// Settings that change nothing, because others make them idle; and those that do what nobody
// can want. All of them are warnings: whoever writes them believes something that is not so.
#pragma once

#include "ringway/config/config.h"

#include "config/complaints.h"
#include "config/cross_checks.h"

namespace ringway::config {

void tell_without_effect(const Pool& pool, const Written& written, Complaints& complaints);
void tell_without_effect(const Listener& listener, const Written& written, Complaints& complaints);
void tell_without_effect(const Config& config, const Node& root, Lost lost, Complaints& complaints);

}  // namespace ringway::config
