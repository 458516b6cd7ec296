// Warnings about pools that are legal and a mistake: what `ringway check` says of a
// pool's hash, distribution, weights and names. Nothing here refuses anything, since
// those who come from twemproxy may live with such a pool on purpose.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ringway/hash/hash.h"
#include "ringway/ring/distribution.h"

namespace ringway::ring {

// One sentence per mistake: what is wrong, then what to write instead. Empty if there
// is none, after the last ": ". `distribution` is a name of kinds(), `built` what it made of
// the members.
std::vector<std::string> advice(const hash::HashFunction& hash, std::string_view distribution,
                                std::span<const Member> members, const Distribution& built);

}  // namespace ringway::ring
