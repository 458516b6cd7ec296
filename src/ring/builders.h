// The distributions behind the table in kinds.cc, one file each. Every builder takes
// any members, weights of zero included; judging them is advice.h's task.
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
