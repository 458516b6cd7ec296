// What answers of name servers mean for where a server is.
#include "names/name_state.h"

#include <doctest/doctest.h>

namespace ringway::reload {
namespace {

using namespace std::chrono_literals;
using Verdict = NameState::Verdict;

net::Address at(const std::string& host) {
  return *net::Address::parse(host + ":11211");
}

Answer found(const std::vector<std::string>& hosts) {
  Answer answer;
  for (const std::string& host : hosts) answer.addresses.push_back(at(host));
  return answer;
}

const Answer missing{.addresses = {}, .missing = true, .why = "does not resolve: no such name"};
const Answer no_answer{.addresses = {}, .missing = false, .why = "does not resolve: time-out"};

TEST_CASE("of several addresses the lowest by number is taken, IPv4 first") {
  NameState name;
  CHECK(name.take(found({"[fd00::1]", "10.0.0.10", "10.0.0.9", "192.168.0.1"})) == Verdict::move);
  CHECK(name.address() == at("10.0.0.9"));
}

TEST_CASE("the present address is kept while it is in the answer") {
  NameState name;
  name.take(found({"10.0.0.5"}));
  CHECK(name.take(found({"10.0.0.9", "10.0.0.5", "10.0.0.1"})) == Verdict::keep);
  CHECK(name.address() == at("10.0.0.5"));
  CHECK(name.take(found({"10.0.0.9", "10.0.0.7"})) == Verdict::move);
  CHECK(name.address() == at("10.0.0.7"));
}

TEST_CASE("without an answer the last address stays, however long") {
  NameState name;
  name.take(found({"10.0.0.5"}));
  for (int i = 0; i < 100; ++i) CHECK(name.take(no_answer) == Verdict::keep);
  CHECK(name.address() == at("10.0.0.5"));
}

TEST_CASE("the third time running that there is no such name loses the address") {
  NameState name;
  name.take(found({"10.0.0.5"}));
  CHECK(name.take(missing) == Verdict::keep);
  CHECK(name.take(missing) == Verdict::keep);
  CHECK(name.take(missing) == Verdict::lose);
  CHECK(name.address().empty());
}

TEST_CASE("anything else between two of them begins the count anew") {
  for (const Answer& between : {no_answer, found({"10.0.0.5"})}) {
    NameState name;
    name.take(found({"10.0.0.5"}));
    for (const Answer& answer : {missing, missing, between, missing, missing})
      CHECK(name.take(answer) == Verdict::keep);
    CHECK(name.take(missing) == Verdict::lose);
  }
}

TEST_CASE("a name that never had an address is lost at once, and found later") {
  for (const Answer& first : {missing, no_answer}) {
    NameState name;
    CHECK(name.take(first) == Verdict::lose);
    CHECK(name.take(first) == Verdict::lose);
    CHECK(name.take(found({"10.0.0.5"})) == Verdict::move);
  }
}

TEST_CASE("a good answer lasts as long as the refresh time") {
  NameState name;
  name.take(no_answer);
  name.take(found({"10.0.0.5"}));
  CHECK(name.pause(60s) == 60s);
}

TEST_CASE("a name without address is asked for again soon, then at most every 15 s") {
  NameState name;
  for (const Duration pause : {1s, 2s, 4s, 8s, 15s, 15s}) {
    name.take(missing);
    CHECK(name.pause(60s) == pause);
  }
  for (int i = 0; i < 100; ++i) name.take(missing);
  CHECK(name.pause(60s) == 15s);
  CHECK(name.pause(2s) == 2s);
}

TEST_CASE("while there is an address, no answer slows down to the refresh time") {
  NameState name;
  name.take(found({"10.0.0.5"}));
  for (const Duration pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    name.take(no_answer);
    CHECK(name.pause(60s) == pause);
  }
}

TEST_CASE("that there is no such name is asked again after 5 s") {
  NameState name;
  name.take(found({"10.0.0.5"}));
  name.take(missing);
  CHECK(name.pause(60s) == 5s);
  CHECK(name.pause(2s) == 2s);
}

}  // namespace
}  // namespace ringway::reload
