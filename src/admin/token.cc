// See token.h. Nothing is the token before one was read: an empty one would let everybody
// in.
#include "admin/token.h"

#include <fstream>
#include <sys/stat.h>

namespace ringway::admin {

Result<std::string> token_in(const std::string& file) {
  std::ifstream input(file);
  if (!input) return failure("cannot read admin.token_file " + file);
  std::string line;
  std::getline(input, line);
  line.erase(line.find_last_not_of(" \t\r") + 1);
  line.erase(0, line.find_first_not_of(" \t"));
  if (line.empty()) return failure("admin.token_file " + file + " has no token in its first line");
  return line;
}

// Whoever reads a pipe takes what is in it, and waits for more: for ever, while signals wait, too.
Result<void> Token::read() {
  if (!wanted()) return {};
  struct stat status {};
  if (::stat(file_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return failure("admin.token_file " + file_ + " is not a regular file");
  }
  auto token = token_in(file_);
  if (!token) return std::unexpected(token.error());
  const std::lock_guard lock(mutex_);
  text_ = std::move(*token);
  return {};
}

bool Token::is(std::string_view given) const {
  const std::lock_guard lock(mutex_);
  if (text_.empty()) return false;
  unsigned difference = given.size() == text_.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i] ^ text_[i % text_.size()]);
  }
  return difference == 0;
}

}  // namespace ringway::admin
