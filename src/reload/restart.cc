// One table: the name of each such setting, how it is compared and how it is kept. Both
// functions are loops over it.
#include "reload/restart.h"

#include "ringway/config/load.h"

namespace ringway::reload {
namespace {

struct Fixed {
  const char* name;
  bool (*same)(const config::Config&, const config::Config&);
  void (*keep)(const config::Config& from, config::Config& in);
};

template <auto Section, auto Member>
constexpr Fixed fixed(const char* name) {
  return {name,
          [](const config::Config& a, const config::Config& b) {
            return a.*Section.*Member == b.*Section.*Member;
          },
          [](const config::Config& from, config::Config& in) {
            in.*Section.*Member = from.*Section.*Member;
          }};
}

using config::Config;

constexpr Fixed all[] = {
    fixed<&Config::router, &config::Router::workers>("[router] workers"),
    fixed<&Config::router, &config::Router::io>("[router] io"),
    fixed<&Config::router, &config::Router::batch_window>("[router] batch_window"),
    fixed<&Config::log, &config::Log::format>("[log] format"),
    fixed<&Config::log, &config::Log::file>("[log] file"),
    fixed<&Config::metrics, &config::Metrics::bind>("[metrics] bind"),
    fixed<&Config::metrics, &config::Metrics::mode>("[metrics] mode"),
    fixed<&Config::metrics, &config::Metrics::group>("[metrics] group"),
    fixed<&Config::admin, &config::Admin::bind>("[admin] bind"),
    fixed<&Config::admin, &config::Admin::mode>("[admin] mode"),
    fixed<&Config::admin, &config::Admin::group>("[admin] group"),
    fixed<&Config::admin, &config::Admin::hosts>("[admin] hosts"),
    fixed<&Config::admin, &config::Admin::token_file>("[admin] token_file"),
};

}  // namespace

std::vector<std::string> needing_restart(const Config& started, const Config& next) {
  std::vector<std::string> names;
  for (const Fixed& setting : all) {
    if (!setting.same(started, next)) names.emplace_back(setting.name);
  }
  return names;
}

void keep_until_restart(const Config& running, Config& next) {
  for (const Fixed& setting : all) setting.keep(running, next);
}

std::string running_fingerprint(const Config& started, Config written) {
  keep_until_restart(started, written);
  return config::fingerprint(written);
}

}  // namespace ringway::reload
