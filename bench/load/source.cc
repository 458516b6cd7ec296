#include "bench/load/source.h"

#include <algorithm>

namespace ringway::bench {

bool FillSource::next(Request& request) {
  if (made_ == count_) return false;
  key_ = made_++;
  request = {.kind = Kind::set, .keys = {&key_, 1}};
  return true;
}

MixSource::MixSource(const KeySet& keys, const Options& options)
    : random_(options.seed),
      count_(keys.size()),
      multiget_(options.multiget),
      get_ratio_(options.get_ratio) {
  if (options.zipf > 0) prepare_zipf(options.zipf);
}

bool MixSource::next(Request& request) {
  request.kind = random_.unit() < get_ratio_ ? Kind::get : Kind::set;
  const std::size_t wanted = request.kind == Kind::get ? multiget_ : 1;
  chosen_.clear();
  while (chosen_.size() < wanted) {
    // Distinct keys, so that a repeated VALUE is known to be a mistake.
    KeyId key = pick();
    while (std::find(chosen_.begin(), chosen_.end(), key) != chosen_.end())
      key = (key + 1) % count_;
    chosen_.push_back(key);
  }
  request.keys = chosen_;
  return true;
}

KeyId MixSource::pick() {
  const KeyId column = random_.below(count_);
  if (threshold_.empty() || random_.unit() < threshold_[column]) return column;
  return alias_[column];
}

void MixSource::prepare_zipf(double exponent) {
  threshold_.resize(count_);
  alias_.resize(count_);
  double sum = 0;
  for (std::uint32_t i = 0; i < count_; ++i) sum += std::pow(i + 1.0, -exponent);
  std::vector<KeyId> poor;
  std::vector<KeyId> rich;
  for (std::uint32_t i = 0; i < count_; ++i) {
    threshold_[i] = std::pow(i + 1.0, -exponent) / sum * count_;
    alias_[i] = i;
    (threshold_[i] < 1 ? poor : rich).push_back(i);
  }
  // Each column has height one: what a rare key leaves free, a popular one fills.
  while (!poor.empty() && !rich.empty()) {
    const KeyId low = poor.back();
    const KeyId high = rich.back();
    poor.pop_back();
    alias_[low] = high;
    threshold_[high] -= 1 - threshold_[low];
    if (threshold_[high] < 1) {
      rich.pop_back();
      poor.push_back(high);
    }
  }
  for (const KeyId left : poor) threshold_[left] = 1;
}

}  // namespace ringway::bench
