// The promise to those who come from twemproxy and libmemcached: every key on the same
// server, in thousands of answers taken from the real programs. And to those who stay:
// `ring` never moves a key by accident.
#include <doctest/doctest.h>
#include <set>

#include "ringway/hash/hash.h"

#include "vectors.h"

namespace ringway::ring {
namespace {

void check_all(const Vectors& vectors) {
  for (const VectorCase& vector : vectors.cases) {
    CAPTURE(vector.layout);
    CAPTURE(vector.hash);
    CAPTURE(vector.distribution);
    REQUIRE(vector.owners.size() == vectors.keys.size());
    CHECK(differences(vectors, vector) == 0);
  }
}

TEST_CASE("every key is on the server where twemproxy has it") {
  const Vectors vectors = read_vectors("twemproxy.tsv");
  CHECK(vectors.keys.size() > 600);
  CHECK(vectors.cases.size() > 480);
  check_all(vectors);
}

TEST_CASE("every key is on the server where libmemcached's weighted ketama has it") {
  const Vectors vectors = read_vectors("libmemcached.tsv");
  CHECK(vectors.keys.size() > 300);
  CHECK(vectors.cases.size() >= 60);
  check_all(vectors);
}

TEST_CASE("every key is on the server where a second implementation of ring has it") {
  const Vectors vectors = read_vectors("ring.tsv");
  CHECK(vectors.cases.size() >= 21);
  check_all(vectors);
}

TEST_CASE("twemproxy's vectors cover each of its hashes with ketama and modula") {
  std::set<std::string> seen;
  for (const VectorCase& vector : read_vectors("twemproxy.tsv").cases) {
    seen.insert(vector.hash + " " + vector.distribution);
  }
  for (const auto& function : hash::functions()) {
    if (function.bits == 64) continue;
    CHECK(seen.contains(std::string(function.name) + " ketama"));
    CHECK(seen.contains(std::string(function.name) + " modula"));
  }
}

}  // namespace
}  // namespace ringway::ring
