// Who may ask the admin address: whoever brings the token, if there is one, and no page of
// another site through somebody's browser. Refusals are counted, and each cause has lines of its
// own in the log: many of one hide none of another. The HTTP loop's thread alone.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/http.h"
#include "admin/token.h"
#include "log/rate_limit.h"

namespace ringway::admin {

class Gate {
 public:
  // `hosts`: names in the Host header that are as good as localhost. `on_refused` counts.
  Gate(const Token& token, std::vector<std::string> hosts, std::function<void()> on_refused)
      : token_(token), hosts_(std::move(hosts)), on_refused_(std::move(on_refused)) {}

  static constexpr std::uint32_t lines_per_minute_max = 10;  // Of each cause.

  // The refusal, or nothing.
  std::optional<HttpAnswer> look(const HttpRequest& request);

 private:
  std::optional<HttpAnswer> refusal(const HttpRequest& request) const;
  void tell(const HttpRequest& request, const HttpAnswer& refusal);

  const Token& token_;
  const std::vector<std::string> hosts_;
  const std::function<void()> on_refused_;
  log::RateLimit lines_{lines_per_minute_max};
};

// "localhost:9311", "[::1]", "10.0.0.1:80" or one of `hosts`: what a browser sends for a
// page of ours, and no name that somebody else's DNS may answer for.
bool host_allowed(std::string_view host, const std::vector<std::string>& hosts);

}  // namespace ringway::admin
