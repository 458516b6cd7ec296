// What the admin address tells: the state of the process as one looks at it now. It
// only reads: nothing of the data path waits for it or is changed by it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "reload/control.h"
#include "worker/crew.h"

namespace ringway::cli {

class Status final : public admin::View {
 public:
  Status(const reload::Control& control, worker::Crew& crew, std::string io)
      : control_(control), crew_(crew), io_(std::move(io)) {}

  std::string metrics_text() override;
  bool ready(std::string& why_not) override;
  std::string status_json() override;

 private:
  std::vector<std::uint64_t> generations() const;

  const reload::Control& control_;
  worker::Crew& crew_;
  std::string io_;
};

}  // namespace ringway::cli
