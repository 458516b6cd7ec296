// See the header.
#include "vectors.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "ringway/ring/key_hash.h"
#include "ringway/ring/server_name.h"

namespace ringway::ring {
namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

// "address:weight name", the name being optional.
Member member(const std::string& server) {
  const auto space = server.find(' ');
  const std::string place = server.substr(0, space);
  const auto colon = place.rfind(':');
  return {.name = space == std::string::npos ? ketama_name(place.substr(0, colon))
                                             : server.substr(space + 1),
          .weight = static_cast<std::uint32_t>(std::stoul(place.substr(colon + 1)))};
}

std::uint32_t owner(char digit) {
  constexpr std::string_view digits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return static_cast<std::uint32_t>(digits.find(digit));
}

VectorCase vector_case(const std::vector<std::string>& fields,
                       const std::map<std::string, std::vector<Member>>& layouts) {
  VectorCase result{.layout = fields[1],
                    .members = layouts.at(fields[1]),
                    .hash = fields[2],
                    .distribution = fields[3],
                    .tag = {},
                    .owners = {}};
  if (fields[4] != "-") result.tag = {.open = fields[4][0], .close = fields[4][1], .enabled = true};
  for (const char digit : fields[5]) result.owners.push_back(owner(digit));
  return result;
}

}  // namespace

Vectors read_vectors(const std::string& file) {
  std::ifstream in(RINGWAY_TEST_DATA "/" + file);
  if (!in) {
    std::cerr << "cannot read " << RINGWAY_TEST_DATA "/" << file << '\n';
    std::exit(1);
  }
  Vectors vectors;
  std::map<std::string, std::vector<Member>> layouts;
  for (std::string line; std::getline(in, line);) {
    const auto fields = split(line, '\t');
    if (fields[0] == "key") vectors.keys.push_back(fields.size() > 1 ? from_hex(fields[1]) : "");
    if (fields[0] == "layout") {
      for (const auto& server : split(fields[2], '|')) layouts[fields[1]].push_back(member(server));
    }
    if (fields[0] == "case") vectors.cases.push_back(vector_case(fields, layouts));
  }
  return vectors;
}

int differences(const Vectors& vectors, const VectorCase& vector) {
  const auto* function = hash::find(vector.hash);
  const auto distribution = find(vector.distribution)->build(vector.members);
  const LiveSet all(distribution->servers());
  int found = 0;
  for (std::size_t i = 0; i < vectors.keys.size(); ++i) {
    const auto picked = distribution->pick(key_hash(*function, vector.tag, vectors.keys[i]), all);
    found += picked != vector.owners[i];
  }
  return found;
}

}  // namespace ringway::ring
