// What the generator makes of replies, whole and torn, right and wrong.
#include <array>
#include <doctest/doctest.h>
#include <string>

#include "bench/load/histogram.h"
#include "bench/load/protocol.h"

using namespace ringway::bench;

namespace {

struct Judge {
  KeySet keys{100, 12, "key:", {.size_min = 10, .size_max = 300}};
  std::unique_ptr<Protocol> protocol = make_memcached_protocol(keys);
  Owed owed;
  Counts counts;

  template <std::size_t N>
  void asked_get(const std::array<KeyId, N>& ids) {
    owed.push({.kind = Kind::get, .keys = ids}, 0);
  }

  std::string value(KeyId id) const {
    std::string out = "VALUE " + std::string(keys.name(id)) + " " +
                      std::to_string(keys.shape(id).flags) + " " +
                      std::to_string(keys.shape(id).size) + "\r\n";
    append_value(out, keys.name(id), keys.shape(id));
    return out + "\r\n";
  }

  Progress read(std::string_view input) {
    const Step step = protocol->read(owed, input, counts);
    used = step.used;
    if (step.progress == Progress::settled) owed.settle();
    return step.progress;
  }
  std::size_t used = 0;
};

}  // namespace

TEST_CASE("a hit is a value with its own key, flags, length and bytes") {
  Judge judge;
  judge.asked_get(std::array<KeyId, 1>{7});
  CHECK(judge.read(judge.value(7) + "END\r\n") == Progress::settled);
  CHECK(judge.counts.hits == 1);
  CHECK(judge.counts.misses == 0);
}

TEST_CASE("a reply may arrive byte by byte") {
  Judge judge;
  judge.asked_get(std::array<KeyId, 2>{3, 4});
  const std::string reply = judge.value(3) + judge.value(4) + "END\r\n";
  std::string carry;
  Progress last = Progress::incomplete;
  for (const char byte : reply) {
    carry += byte;
    last = judge.read(carry);
    carry.erase(0, judge.used);
  }
  CHECK(last == Progress::settled);
  CHECK(judge.counts.hits == 2);
}

TEST_CASE("keys passed over are misses") {
  Judge judge;
  judge.asked_get(std::array<KeyId, 3>{1, 2, 3});
  CHECK(judge.read(judge.value(2) + "END\r\n") == Progress::settled);
  CHECK(judge.counts.hits == 1);
  CHECK(judge.counts.misses == 2);
}

TEST_CASE("a value given twice is a wrong key") {
  Judge judge;
  judge.asked_get(std::array<KeyId, 1>{1});
  judge.read(judge.value(1) + judge.value(1) + "END\r\n");
  CHECK(judge.counts.wrong_key == 1);
}

TEST_CASE("the value of one key under the name of another is wrong content") {
  Judge judge;
  KeyId a = 0;
  KeyId b = 1;
  while (judge.keys.shape(a).size != judge.keys.shape(b).size) b == 99 ? (++a, b = a + 1) : ++b;
  judge.asked_get(std::array<KeyId, 1>{a});
  std::string reply = judge.value(b);
  const std::string head = judge.value(a).substr(0, judge.value(a).find('\r'));
  reply.replace(0, reply.find('\r'), head);
  CHECK(judge.read(reply + "END\r\n") == Progress::settled);
  CHECK(judge.counts.wrong_content == 1);
  CHECK(judge.counts.hits == 0);
}

TEST_CASE("STORED is no answer to a get") {
  Judge judge;
  judge.asked_get(std::array<KeyId, 1>{1});
  CHECK(judge.read("STORED\r\n") == Progress::broken);
  CHECK(judge.counts.malformed == 1);
}

TEST_CASE("a reply to nothing is unexpected") {
  Judge judge;
  CHECK(judge.read("END\r\n") == Progress::broken);
  CHECK(judge.counts.unexpected == 1);
}

TEST_CASE("replies settle requests in order") {
  Judge judge;
  judge.asked_get(std::array<KeyId, 1>{1});
  const std::array<KeyId, 1> stored{2};
  judge.owed.push({.kind = Kind::set, .keys = stored}, 0);
  const std::string replies = judge.value(1) + "END\r\nSTORED\r\n";
  CHECK(judge.read(replies) == Progress::settled);
  CHECK(judge.read(std::string_view(replies).substr(judge.used)) == Progress::settled);
  CHECK(judge.owed.requests.empty());
}

TEST_CASE("a quantile is within one percent of the truth") {
  Histogram histogram;
  for (int i = 1; i <= 100000; ++i) histogram.record(i * 1000);
  CHECK(histogram.quantile_us(0.5) == doctest::Approx(50000).epsilon(0.01));
  CHECK(histogram.quantile_us(0.999) == doctest::Approx(99900).epsilon(0.01));
  CHECK(histogram.max_us() == 100000);
}

TEST_CASE("zipf prefers the first keys as its exponent says") {
  const KeySet keys(1000, 12, "key:", {});
  Options options;
  options.zipf = 1;
  options.get_ratio = 1;
  MixSource source(keys, options);
  std::array<int, 1000> seen{};
  Request request;
  for (int i = 0; i < 200000; ++i) {
    source.next(request);
    ++seen[request.keys.front()];
  }
  // The harmonic number of 1000 is 7.485.
  CHECK(seen[0] / 200000.0 == doctest::Approx(1 / 7.485).epsilon(0.05));
  CHECK(seen[9] / 200000.0 == doctest::Approx(0.1 / 7.485).epsilon(0.1));
}
