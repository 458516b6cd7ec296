// ${NAME} and ${NAME:-default} in every string of a tree. Applied after parsing,
// so that a variable can change a value but never the structure of the file.
// "$${" stands for the two characters "${".
#pragma once

#include <string>
#include <string_view>

#include "ringway/config/load.h"

#include "config/complaints.h"
#include "config/tree.h"

namespace ringway::config {

// What names a variable that has no value is lost: nobody complains of it once more.
void substitute_variables(Node& node, const Environment& environment, Complaints& complaints);

// The inverse for text without variables: what to write so that it stays as it is.
std::string without_variables(std::string_view text);

}  // namespace ringway::config
