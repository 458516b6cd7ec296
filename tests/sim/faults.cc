// The draw: first which faults this seed knows at all, then how often they strike.
#include "sim/faults.h"

#include <iostream>

namespace ringway::sim {
namespace {

// On in one seed of `n`, then anything up to `most`.
double rate(Chance& chance, std::uint64_t n, double most) {
  const bool on = chance.one_in(n);
  const double drawn = static_cast<double>(1 + chance.below(1000)) / 1000;
  return on ? drawn * drawn * most : 0;
}

std::uint64_t count(Chance& chance, std::uint64_t n, std::uint64_t least, std::uint64_t most,
                    std::uint64_t quiet) {
  const bool on = chance.one_in(n);
  const std::uint64_t drawn = chance.between(least, most);
  return on ? drawn : quiet;
}

void draw_transport(Chance& chance, Faults& faults) {
  faults.split = rate(chance, 2, 0.8);
  faults.slow_segment = rate(chance, 6, 0.01);
  faults.short_recv = rate(chance, 3, 0.8);
  faults.send_in_pieces = rate(chance, 3, 0.5);
  faults.late_completion = rate(chance, 2, 0.5);
  faults.late_after_pause = rate(chance, 2, 1.0);
  faults.lazy_shutdown = rate(chance, 2, 1.0);
  faults.completions_max = count(chance, 3, 1, 8, 256);
  faults.client_buffers = count(chance, 4, 1, 4, 512);
  faults.server_buffers = count(chance, 4, 1, 4, 128);
  const std::uint64_t bits = chance.between(7, 16);
  faults.pipe_bytes = chance.one_in(3) ? (1ull << bits) + chance.below(100) : 256 * 1024;
}

void draw_connecting(Chance& chance, Faults& faults) {
  faults.accept_emfile = rate(chance, 8, 0.2);
  faults.socket_emfile = rate(chance, 8, 0.3);
  faults.connect_refused = rate(chance, 6, 0.4);
  faults.connect_ignored = rate(chance, 8, 0.3);
  faults.connect_slow = rate(chance, 6, 0.5);
}

void draw_inhabitants(Chance& chance, Faults& faults) {
  faults.worker_stall = rate(chance, 6, 0.002);
  faults.worker_stall_ms = chance.between(1, 1500);
  faults.server_delay_us = count(chance, 2, 1, 3000, 0);
  faults.server_hang = rate(chance, 5, 1.0);
  faults.server_die = rate(chance, 5, 1.0);
  faults.server_reset = rate(chance, 5, 1.0);
  faults.server_vanish = rate(chance, 8, 1.0);
  faults.server_full = rate(chance, 8, 1.0);
  faults.client_vanish = rate(chance, 3, 0.6);
  faults.client_half_close = rate(chance, 3, 0.6);
  faults.client_slow = rate(chance, 4, 0.5);
  faults.client_deaf = rate(chance, 6, 0.5);
  faults.client_broken = rate(chance, 4, 0.3);
}

// What servers say: right in most seeds, for then the model knows more.
void draw_replies(Chance& chance, Faults& faults) {
  faults.server_garbage = rate(chance, 4, 0.05);
  faults.server_foreign = rate(chance, 4, 0.1);
  faults.server_duplicate = rate(chance, 4, 0.05);
  faults.server_insert = rate(chance, 4, 0.05);
  faults.server_truncate = rate(chance, 4, 0.05);
  faults.server_refuse = rate(chance, 4, 0.1);
  faults.server_early = rate(chance, 3, 0.2);
  faults.server_half_close = rate(chance, 4, 0.02);
}

// Came later; drawn last, so that the seeds of before are what they were.
void draw_more(Chance& chance, Faults& faults) {
  faults.server_misread = rate(chance, 6, 0.2);
  faults.server_drip = rate(chance, 6, 1.0);
  faults.server_move = rate(chance, 4, 1.0);
  faults.server_nameless = rate(chance, 6, 1.0);
  faults.clock_jump = rate(chance, 8, 0.002);
  faults.router_pause = rate(chance, 8, 0.002);
  faults.pause_ms = chance.between(1, chance.one_in(2) ? 300 : 6000);
  faults.server_unable = rate(chance, 5, 1.0);
  faults.server_choosy = rate(chance, 5, 1.0);
}

}  // namespace

Faults draw_faults(Chance chance) {
  Faults faults;
  if (chance.one_in(8)) return faults;
  draw_transport(chance, faults);
  if (chance.one_in(4)) return faults;  // A perfect world on a rough road.
  draw_connecting(chance, faults);
  draw_inhabitants(chance, faults);
  if (chance.one_in(4)) draw_replies(chance, faults);
  draw_more(chance, faults);
  return faults;
}

void print(const Faults& faults) {
#define RINGWAY_SIM_PRINT(name, type, quiet) \
  if (faults.name != static_cast<type>(quiet)) std::cout << "  " #name " = " << faults.name << '\n';
  RINGWAY_SIM_FAULTS(RINGWAY_SIM_PRINT)
#undef RINGWAY_SIM_PRINT
}

}  // namespace ringway::sim
