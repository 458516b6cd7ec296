// Where requests come from: the order of the seed alone decides, never time, so
// that two candidates are asked the same questions.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/load/keys.h"
#include "bench/load/options.h"

namespace ringway::bench {

enum class Kind : std::uint8_t { get, set };

struct Request {
  Kind kind = Kind::get;
  std::span<const KeyId> keys;  // Valid until the next request is made.
};

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(mix(seed + 1)) {}
  std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15U); }
  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
  }
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }  // [0, 1)
  double exponential(double mean) { return -mean * std::log1p(-unit()); }

 private:
  std::uint64_t state_;
};

class Source {
 public:
  virtual ~Source() = default;
  // False when there is nothing more to ask.
  virtual bool next(Request& request) = 0;
};

// Stores every key once.
class FillSource final : public Source {
 public:
  explicit FillSource(const KeySet& keys) : count_(keys.size()) {}
  bool next(Request& request) override;

 private:
  std::uint32_t count_;
  std::uint32_t made_ = 0;
  KeyId key_ = 0;
};

// Gets and sets of random keys, without end.
class MixSource final : public Source {
 public:
  MixSource(const KeySet& keys, const Options& options);
  bool next(Request& request) override;

 private:
  KeyId pick();
  void prepare_zipf(double exponent);

  Random random_;
  std::uint32_t count_;
  std::uint32_t multiget_;
  double get_ratio_;
  std::vector<KeyId> chosen_;
  // Walker's alias method: column i is key i below its threshold, else its alias.
  std::vector<double> threshold_;  // Empty when keys are uniform.
  std::vector<KeyId> alias_;
};

}  // namespace ringway::bench
