// A key as it is hashed and owed: decoded, where its request carried it encoded. It views the key
// it was given, or a copy of its own.
#pragma once

#include "ringway/proto/dialect.h"

#include "exchange/exchange.h"

namespace ringway::proxy {

class HashedKey {
 public:
  HashedKey(const proto::Dialect& dialect, const proto::Request& request)
      : HashedKey(dialect, request.command, request.key, request.memo) {}
  HashedKey(const proto::Dialect& dialect, const Exchange& exchange)
      : HashedKey(dialect, exchange.command, exchange.key.get(), exchange.memo.get()) {}
  HashedKey(const HashedKey&) = delete;
  HashedKey& operator=(const HashedKey&) = delete;

  Bytes get() const { return key_; }

 private:
  HashedKey(const proto::Dialect& dialect, proto::CommandId command, Bytes key, Bytes memo)
      : key_(memo.empty() ? key : dialect.hashed_key(command, key, memo, decoded_)) {}

  char decoded_[proto::key_bytes_max];
  Bytes key_;
};

}  // namespace ringway::proxy
