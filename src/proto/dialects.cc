// The table of protocols, a row each. Whoever carries requests has a row in hand and never asks
// which one it is.
#include <algorithm>
#include <array>

#include "ringway/proto/dialect.h"
#include "ringway/proto/memcached/request.h"

#include "proto/memcached/dialect.h"

namespace ringway::proto {
namespace {

constexpr std::array table = {
    Dialect{
        .name = "memcached",
        .parse = memcached::parse_request,
        .line_bytes_max = memcached::line_bytes_max,
        .next_key = memcached::next_key,
        .hashed_key = memcached::hashed_key,
        .name_of = memcached::name_of,
        .may_be_unknown = memcached::may_be_unknown_of,
        .room = memcached::serialized_bytes_max,
        .write = memcached::serialize,
        .again = memcached::again,
        .removal = memcached::removal,
        .adapt = memcached::adapt,
        .keys_bytes_max = memcached::keys_bytes_max_of,
        .write_head = memcached::write_head,
        .next = memcached::next_piece,
        .write_marked = memcached::write_marked,
        .version = memcached::version,
        .greeting = "version\r\n",
        .greeted = memcached::greeted,
        .check = memcached::check,
        .refusal = memcached::refusal,
        .not_allowed = memcached::not_allowed,
        .miss = memcached::miss,
        .unstored = memcached::unstored,
        .outdated = memcached::outdated,
        .end_of_many = memcached::end_of_many,
        .local = memcached::local,
    },
};

}  // namespace

const Dialect* find_dialect(std::string_view name) {
  const auto* found = std::ranges::find(table, name, &Dialect::name);
  return found == table.end() ? nullptr : found;
}

}  // namespace ringway::proto
