// Reads the reference vectors of tests/data: real programs' answers to the question
// which server owns a key. The format is told in make_twemproxy_vectors.py.
#pragma once

#include <string>
#include <vector>

#include "ringway/hash/hash_tag.h"
#include "ringway/ring/distribution.h"

namespace ringway::ring {

struct VectorCase {
  std::string layout;
  std::vector<Member> members;
  std::string hash;
  std::string distribution;
  hash::HashTag tag;
  std::vector<std::uint32_t> owners;  // Of each key.
};

struct Vectors {
  std::vector<std::string> keys;
  std::vector<VectorCase> cases;
};

// Ends the test program if the file cannot be read.
Vectors read_vectors(const std::string& file);

// How many keys of the case lie elsewhere than the reference says.
int differences(const Vectors& vectors, const VectorCase& vector);

}  // namespace ringway::ring
