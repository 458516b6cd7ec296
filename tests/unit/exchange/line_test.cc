// What leaves to a client, and when: whatever arrives first, in the order of the questions.
#include "exchange/line.h"

#include <doctest/doctest.h>
#include <map>
#include <sstream>
#include <string>

#include "ringway/proto/dialect.h"

namespace ringway::proxy {
namespace {

// One client, whose replies are named by letters.
struct OneLine {
  OneLine() {
    rules.dialect = proto::find_dialect("memcached");
    rules.settings.client_output_high = 64;
    client.rules = &rules;
  }
  ~OneLine() {
    line.orphan(client);
    for (auto& [name, exchange] : named) answered(*exchange);
    exchanges.free_over();
    CHECK(exchanges.in_use() == 0);
    client.output.clear(buffers);
    CHECK(buffers.lent_bytes() == 0);
    CHECK(memory.promised() == 0);
  }

  Exchange& open(char name, bool silent = false) {
    proto::Request request;
    request.noreply = silent;
    Exchange& exchange = line.open(client, request);
    exchange.fragments_asked = 1;  // Its server has not answered.
    line.count_asked(exchange, 1);
    named[name] = &exchange;
    return exchange;
  }
  void answered(Exchange& exchange) {
    if (exchange.fragments_asked == 0) return;
    line.expect_no_more(exchange.first);
    exchange.fragments_asked = 0;
    exchanges.end_if_over(exchange);
  }
  // The client takes whatever is ready for it.
  void take() {
    while (client.output.ready()) {
      taken += client.output.begin_send(buffers);
      client.output.sent(buffers);
    }
    line.advance(client);
  }
  void step(const std::string& words);

  net::BufferPool buffers;
  Memory memory{buffers};
  metrics::Registry registry;
  Exchanges exchanges{buffers, memory};
  Line line{exchanges, buffers, memory, registry.worker(0)};
  snapshot::Listener rules;
  ClientConn client{{0, 0}, -1, 0};
  std::map<char, Exchange*> named;
  std::string taken;
};

// "+a" is asked, "+a-" silently; "a<text" arrives; "a." was the end of it; "a!text" fails with
// that; "a^" begins a large value; "=text" is what the client has by now, "_" is nothing; "x": it
// leaves; "|": it takes nothing before the next "=".
void OneLine::step(const std::string& words) {
  if (words[0] == '+') {
    open(words[1], words.size() > 2);
    return;
  }
  if (words == "x") return line.orphan(client);
  if (words[0] == '=') {
    for (std::size_t before = ~std::size_t{0}; before != taken.size();) {
      before = taken.size();
      take();
    }
    CHECK(taken == (words == "=_" ? "" : words.substr(1)));
    return;
  }
  Exchange& exchange = *named.at(words[0]);
  const std::string text = words.substr(2);
  if (words[1] == '<' && !exchange.silent) {
    line.append(exchange, text);
  } else if (words[1] == '^') {
    exchange.large = true;
    exchange.streaming = at_head(exchange);
  } else if (words[1] == '.' || words[1] == '!') {
    if (words[1] == '!') line.take_back(exchange, text);
    if (told(exchange)) line.settle(exchange);
    if (at_head(exchange)) CHECK(line.advance(client) == nullptr);
    answered(exchange);
  }
}

struct Row {
  const char* what;
  const char* steps;
};

const Row rows[] = {
    {"one reply", "+a a<1 =_ a. =1"},
    {"in pieces, whole only", "+a a<1 a<2 =_ a<3 =_ a. =123"},
    {"in the order of the questions", "+a +b b<2 b. =_ a<1 a. =12"},
    {"three, the last first", "+a +b +c c<3 c. b<2 b. =_ a<1 a. =123"},
    {"the one in the middle is late", "+a +b +c a<1 a. =1 c<3 c. =1 b<2 b. =123"},
    {"what arrives turn by turn", "+a +b b<2 a<1 b<2 a<1 =_ a. =11 b. =1122"},
    {"a silent one keeps nobody waiting once it is done", "+a- +b b<2 b. =_ a. =2"},
    {"an error instead of what has not left", "+a a<12 a!E =E"},
    {"an error of one that waits for its turn", "+a +b b<2 b!E =_ a<1 a. =1E"},
    {"an error behind one that is whole", "+a +b a<1 a. =1 b<2 b!E =1E"},
    {"a large value streams from the head", "+a a^ a<1 =1 a<2 =12 a. =12"},
    {"from where it comes to the head, with what came before",
     "+a +b b^ b<2 b<2 =_ a<1 a. =122 b<3 =1223 b. =1223"},
    {"a large value that fails before it streams", "+a +b b^ b<2 =_ b!E a<1 a. =1E"},
    {"who leaves hears nothing any more", "+a +b a<1 x b<2 b. a. =_"},
};

TEST_CASE("replies leave in the order of the questions, whole or streaming") {
  for (const Row& row : rows) {
    CAPTURE(row.what);
    OneLine test;
    std::istringstream steps(row.steps);
    for (std::string words; steps >> words;) {
      CAPTURE(words);
      test.step(words);
      check_line(test.client);
    }
  }
}

TEST_CASE("what waits in the line counts against its client until it leaves") {
  OneLine test;
  test.open('a');
  test.open('b');
  test.step("b<22222");
  CHECK(test.client.stashed == 5);
  CHECK(test.client.keys_asked == 2);
  test.step("b.");
  CHECK(test.client.keys_asked == 1);
  test.step("a.");
  CHECK(test.client.stashed == 0);
  CHECK(test.client.keys_asked == 0);
  CHECK(test.client.line_count == 0);
}

TEST_CASE("whoever does not take what he is told is told no more than the limit of his output") {
  OneLine test;
  for (const char name : {'a', 'b', 'c'}) test.open(name);
  for (const char name : {'c', 'b', 'a'}) test.step(std::string{name, '<'} + std::string(50, name));
  for (const char name : {'c', 'b', 'a'}) test.step({name, '.'});
  CHECK(test.client.output.size() == 100);
  CHECK(test.client.line_count == 1);
  test.step("=" + std::string(50, 'a') + std::string(50, 'b') + std::string(50, 'c'));
}

TEST_CASE("a large value that is announced counts until it has come, or nobody waits for it") {
  OneLine test;
  Exchange& whole = test.open('a');
  Exchange& half = test.open('b');
  test.line.expect(whole.first, 1000);
  test.line.expect(half.first, 500);
  CHECK(test.client.announced == 1504);
  CHECK(test.memory.promised() == 1504);
  test.line.count_arrived(whole.first, 1002);
  CHECK(test.client.announced == 502);
  test.step("a.");
  test.step("x");
  CHECK(test.client.announced == 0);
  CHECK(test.memory.promised() == 0);
}

TEST_CASE("an exchange is there until the end of the turn in which it is over") {
  OneLine test;
  Exchange& exchange = test.open('a');
  test.step("a<1");
  test.step("a.");
  CHECK(exchange.over);
  CHECK(exchange.client == nullptr);
  CHECK(test.exchanges.in_use() == 1);
  test.exchanges.free_over();
  CHECK(test.exchanges.in_use() == 0);
  test.named.clear();
}

TEST_CASE("one whose client has left is over when its server has answered") {
  OneLine test;
  Exchange& exchange = test.open('a');
  test.step("x");
  CHECK_FALSE(exchange.over);
  test.answered(exchange);
  CHECK(exchange.over);
}

// --- Reads of several keys ------------------------------------------------------------------

// "k0 k1 k2 ..." of which the first `asked` are asked of one server.
struct OneGather : OneLine {
  OneGather(int keys, std::uint32_t asked) {
    for (int i = 0; i < keys; ++i) text += (i > 0 ? " k" : "k") + std::to_string(i);
    exchange = &open('g');
    exchange->command = read_of_many();
    gather = &exchanges.make_gather(*exchange);
    gather->keys.append(buffers, text);
    exchange->stashed = text.size();
    client.stashed += text.size();
    fragment = gather->fragments = &exchanges.make_fragment(*exchange);
    fragment->state = FragmentState::asked;
    for (std::uint32_t i = 0; i < asked; ++i)
      gather->slots[i] = {.key_offset = i * 3,
                          .key_bytes = 2,
                          .state = SlotState::asked,
                          .next = no_slot,
                          .fragment = fragment,
                          .block_offset = 0,
                          .block_bytes = 0};
    gather->slot_count = asked;
    gather->unasked = static_cast<std::uint32_t>(std::min<std::size_t>(asked * 3, text.size()));
  }
  static proto::CommandId read_of_many() {
    proto::ParsedRequest parsed;
    proto::find_dialect("memcached")->parse("get a b\r\n", {}, parsed);
    return parsed.request.command;
  }
  void stash(std::uint32_t slot, const std::string& block) {
    gather->slots[slot].block_offset = static_cast<std::uint32_t>(fragment->stash.size());
    gather->slots[slot].block_bytes = static_cast<std::uint32_t>(block.size());
    line.stash(*exchange, *fragment, block);
    gather->slots[slot].state = SlotState::stashed;
  }

  std::string text;
  Exchange* exchange;
  Gather* gather;
  Fragment* fragment;
};

TEST_CASE("values of several keys leave in the order asked, up to the first that is open") {
  struct Case {
    const char* slots;  // v: a value waits; m: no such key; f: failed; o: open.
    const char* leaves;
    const char* then;  // With the last word, when those that are open turn out to be misses.
  };
  const Case cases[] = {
      {"vvv", "012END\r\n", "012END\r\n"},
      {"ovv", "", "12END\r\n"},
      {"vov", "0", "02END\r\n"},
      {"vmv", "02END\r\n", "02END\r\n"},
      {"mmm", "END\r\n", "END\r\n"},
      {"vvo", "01", "01END\r\n"},
      {"mov", "", "2END\r\n"},
      {"fov", "", "2ERROR\r\n"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.slots);
    OneGather test(3, 3);
    for (std::uint32_t i = 0; i < 3; ++i) {
      if (one.slots[i] == 'v') test.stash(i, std::to_string(i));
      if (one.slots[i] == 'm') test.gather->slots[i].state = SlotState::missed;
      if (one.slots[i] != 'f') continue;
      test.gather->slots[i].state = SlotState::failed;
      test.gather->error.append(test.buffers, "ERROR\r\n");
    }
    const bool open = std::string(one.slots).find('o') != std::string::npos;
    if (!open) test.fragment->state = FragmentState::settled;
    CHECK(test.line.advance(test.client) == nullptr);
    test.step(std::string("=") + (*one.leaves ? one.leaves : "_"));
    for (Slot& slot : test.gather->slots)
      if (slot.state == SlotState::asked) slot.state = SlotState::missed;
    test.fragment->state = FragmentState::settled;
    CHECK(test.line.advance(test.client) == nullptr);
    test.step(std::string("=") + one.then);
    CHECK(test.client.line_count == 0);
  }
}

TEST_CASE("the head that is to ask for more keys is named, once its group is out and taken") {
  OneGather test(4, 2);
  test.stash(0, std::string(100, '0'));
  CHECK(test.line.advance(test.client) == nullptr);
  test.gather->slots[1].state = SlotState::missed;
  CHECK(test.line.advance(test.client) == nullptr);  // Its server has not said END.
  test.fragment->state = FragmentState::settled;
  CHECK(test.line.advance(test.client) == nullptr);  // Its client has not taken the first.
  while (test.client.output.ready()) {
    test.client.output.begin_send(test.buffers);
    test.client.output.sent(test.buffers);
  }
  CHECK(test.line.advance(test.client) == test.exchange);
  test.gather->unasked = static_cast<std::uint32_t>(test.text.size());
  CHECK(test.line.advance(test.client) == nullptr);
  test.step("=END\r\n");
}

}  // namespace
}  // namespace ringway::proxy
