// A nutcracker.yml as plain values with their places, as strict as twemproxy is. The
// one door to the YAML library; what the values mean is import.cc's business.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/complaints.h"

namespace ringway::cli {

struct NutcrackerValue {
  std::string text;  // As written.
  config::Place where;
};

struct NutcrackerPool {
  std::string name;
  config::Place where;
  std::map<std::string, NutcrackerValue, std::less<>> values;  // All that is no list.
  std::vector<NutcrackerValue> servers;
  std::vector<std::string> unknown;  // Keys of forks: named, not understood.
};

std::vector<NutcrackerPool> read_nutcracker(const std::string& text, const std::string& name,
                                            config::Complaints& complaints);

}  // namespace ringway::cli
