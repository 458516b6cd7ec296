// The token of the admin address: the first line of a file, read at the start and again at
// each reload, so that a token is changed without a restart.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "ringway/base/result.h"

namespace ringway::admin {

// The first line, without blanks around it.
Result<std::string> token_in(const std::string& file);

// Any thread.
class Token {
 public:
  // Without a file there is none.
  explicit Token(std::string file) : file_(std::move(file)) {}

  // A file that is missing or empty leaves the token as it was.
  Result<void> read();
  bool wanted() const { return !file_.empty(); }
  // Takes as long for a wrong byte at the front as for one at the back.
  bool is(std::string_view given) const;

 private:
  const std::string file_;
  mutable std::mutex mutex_;
  std::string text_;
};

}  // namespace ringway::admin
