// The distributions behind the table, one file each.
#pragma once

#include <memory>
#include <span>

#include "ringway/ring/distribution.h"

namespace ringway::ring {

std::unique_ptr<Distribution> build_ring(std::span<const Member> members);
std::unique_ptr<Distribution> build_ketama(std::span<const Member> members);
std::unique_ptr<Distribution> build_modula(std::span<const Member> members);
std::unique_ptr<Distribution> build_random(std::span<const Member> members);

}  // namespace ringway::ring
