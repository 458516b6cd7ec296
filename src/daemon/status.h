// What the admin address tells: the state of the process as one looks at it now. It
// only reads: nothing of the data path waits for it or is changed by it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "daemon/pulse.h"
#include "reload/control.h"
#include "worker/shared.h"

namespace ringway::cli {

class Status final : public admin::View {
 public:
  // `engines`: what each worker stands on, in order.
  Status(const reload::Control& control, worker::Shared& shared, const Pulse& pulse,
         std::vector<std::string> engines);

  std::string metrics_text() override;
  bool healthy(std::string& why_not) override { return pulse_.beats(why_not); }
  bool ready(std::string& why_not) override;
  void count_refused() override;
  std::string status_json() override;

 private:
  std::vector<std::uint64_t> generations() const;

  const reload::Control& control_;
  worker::Shared& shared_;
  const Pulse& pulse_;
  const std::vector<std::string> engines_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  const std::chrono::system_clock::time_point started_at_ = std::chrono::system_clock::now();
  std::uint64_t refused_ = 0;  // At the admin address; by its loop.
};

}  // namespace ringway::cli
