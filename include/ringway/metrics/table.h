// Every metric that ringway keeps, declared once: the counters' storage, the
// Prometheus exposition, its help and the documentation come from these lists.
// Adding one: a line here, and the place that counts.
//
// Each line: enumerator, kind, name behind "ringway_", help. Times are in seconds,
// sizes in bytes; counters end in _total. Lines of one name that differ in a label follow
// each other.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ringway::metrics {

// Of one worker; label: worker.
#define RINGWAY_WORKER_METRICS(ROW)                                                          \
  ROW(turns, counter, "worker_turns_total", "Iterations of the worker's loop.")              \
  ROW(clients, gauge, "client_connections", "Client connections that are open.")             \
  ROW(clients_accepted, counter, "client_connections_accepted_total", "Clients accepted.")   \
  ROW(accept_failures, counter, "accept_failures_total",                                     \
      "Times no client could be accepted, for want of file descriptors above all.")          \
  ROW(clients_rejected, counter, "client_connections_rejected_total",                        \
      "Clients turned away because a limit on their number was reached.")                    \
  ROW(client_bytes_read, counter, "client_read_bytes_total", "Bytes read from clients.")     \
  ROW(client_bytes_sent, counter, "client_sent_bytes_total", "Bytes sent to clients.")       \
  ROW(requests, counter, "requests_total", "Requests begun.")                                \
  ROW(keys, counter, "keys_total", "Keys in those requests.")                                \
  ROW(request_errors, counter, "request_errors_total",                                       \
      "Requests that ringway itself answered with an error.")                                \
  ROW(requests_rejected, counter, "requests_rejected_total",                                 \
      "Requests that the protocol does not allow.")                                          \
  ROW(requests_shed, counter, "requests_shed_total",                                         \
      "Requests refused because memory_max was reached.")                                    \
  ROW(requests_expired, counter, "requests_timed_out_total", "Requests past their timeout.") \
  ROW(in_flight, gauge, "requests_in_flight", "Requests that are not answered yet.")         \
  ROW(pauses_own, counter, "client_pauses_total{reason=\"own\"}",                            \
      "Times a client was not read because a limit of its own was reached.")                 \
  ROW(pauses_server_queue, counter, "client_pauses_total{reason=\"server_queue\"}",          \
      "Times a client was not read because a server that it asks has a full queue.")         \
  ROW(pauses_memory, counter, "client_pauses_total{reason=\"memory\"}",                      \
      "Times a client was not read because memory_max was reached.")                         \
  ROW(paused_own, elapsed, "client_paused_seconds_total{reason=\"own\"}",                    \
      "Time that clients were not read, in sum, for limits of their own.")                   \
  ROW(paused_server_queue, elapsed, "client_paused_seconds_total{reason=\"server_queue\"}",  \
      "Time that clients were not read, in sum, for a server with a full queue.")            \
  ROW(paused_memory, elapsed, "client_paused_seconds_total{reason=\"memory\"}",              \
      "Time that clients were not read, in sum, for memory_max.")                            \
  ROW(streams_broken, counter, "streams_broken_total",                                       \
      "Clients closed because a server was lost in the middle of a large value.")            \
  ROW(clients_overrun, counter, "client_output_overruns_total",                              \
      "Clients closed because their unread replies passed client_output_max.")               \
  ROW(clients_stalled, counter, "client_stalls_total",                                       \
      "Clients closed because they took nothing, or did not end a request, for "             \
      "client_stall_timeout, or while others waited for the memory that they held.")         \
  ROW(clients_idled, counter, "client_idle_closes_total", "Clients closed by idle_timeout.") \
  ROW(foreign_binary, counter, "clients_foreign_total{protocol=\"binary\"}",                 \
      "Clients closed because they speak another protocol.")                                 \
  ROW(foreign_tls, counter, "clients_foreign_total{protocol=\"tls\"}",                       \
      "Clients closed because they begin with a TLS hello.")                                 \
  ROW(foreign_redis, counter, "clients_foreign_total{protocol=\"redis\"}",                   \
      "Clients closed because they speak the protocol of Redis.")                            \
  ROW(foreign_proxy, counter, "clients_foreign_total{protocol=\"proxy\"}",                   \
      "Clients closed because a balancer speaks the PROXY protocol for them.")               \
  ROW(late_turns, counter, "worker_late_turns_total",                                        \
      "Timeouts found more than a quarter late: ringway itself was stalled.")                \
  ROW(buffer_bytes, gauge, "buffer_bytes", "Bytes lent to connections and requests.")        \
  ROW(generation, gauge, "config_generation", "Generation of the snapshot in use.")

// Of one pool as seen by one worker; labels: pool.
#define RINGWAY_POOL_METRICS(ROW)                                                       \
  ROW(requests, counter, "pool_requests_total", "Keys routed to a server of the pool.") \
  ROW(no_server, counter, "pool_no_server_total", "Keys for which no server was live.") \
  ROW(read_retries, counter, "pool_read_retries_total",                                 \
      "Reads asked again because their connection died.")                               \
  ROW(write_retries, counter, "pool_write_retries_total",                               \
      "Writes sent again because their connection died before it sent any of it.")      \
  ROW(retries_refused, counter, "pool_read_retries_refused_total",                      \
      "Requests not asked again because retry_budget was used up.")                     \
  ROW(cas_refused, counter, "pool_cas_refused_total",                                   \
      "Tokens of a stand-in used at home or the other way round: answered EXISTS.")

// Of one server as seen by one worker; labels: pool, server.
#define RINGWAY_SERVER_METRICS(ROW)                                                              \
  ROW(connections, gauge, "server_connections", "Connections to the server that are open.")      \
  ROW(connects, counter, "server_connects_total", "Connections begun.")                          \
  ROW(connect_failures, counter, "server_connect_failures_total",                                \
      "Connections that could not be made or were refused at the greeting.")                     \
  ROW(connections_refused, counter, "server_connection_limit_total",                             \
      "Connections the server turned away because it has too many.")                             \
  ROW(connections_lost, counter, "server_connections_lost_total",                                \
      "Connections that ended with requests unanswered.")                                        \
  ROW(requests, counter, "server_requests_total", "Requests sent or queued to the server.")      \
  ROW(replies, counter, "server_replies_total", "Replies read from the server.")                 \
  ROW(errors, counter, "server_error_replies_total", "Error replies among them.")                \
  ROW(timeouts, counter, "server_timeouts_total", "Requests the server did not answer in time.") \
  ROW(foreign, counter, "server_foreign_replies_total",                                          \
      "Replies that were not the one asked for, or not the protocol.")                           \
  ROW(shed, counter, "server_shed_total",                                                        \
      "Requests refused because the queue was full for too long.")                               \
  ROW(queued, gauge, "server_queue", "Requests queued or in flight to the server.")              \
  ROW(bytes_sent, counter, "server_sent_bytes_total", "Bytes sent to the server.")               \
  ROW(bytes_read, counter, "server_read_bytes_total", "Bytes read from the server.")             \
  ROW(failures, counter, "server_failures_total",                                                \
      "Failures of the server; of those that happen together one counts towards ejection.")      \
  ROW(up, gauge, "server_up", "1 while the server takes its keys, 0 while it is out or held.")   \
  ROW(ejections, counter, "server_ejections_total", "Times the server was taken out.")           \
  ROW(holds, counter, "server_holds_total",                                                      \
      "Times it failed too often but was held: too many servers of its pool were out.")          \
  ROW(readmissions, counter, "server_readmissions_total", "Times the server was taken back.")    \
  ROW(joins, counter, "server_joins_total",                                                      \
      "Times the server joined a running pool, after its first good check.")                     \
  ROW(drains, counter, "server_drains_total", "Times the server was drained by hand or file.")   \
  ROW(maintenances, counter, "server_maintenances_total",                                        \
      "Times the server went into maintenance by hand or file.")                                 \
  ROW(checks, counter, "server_checks_total", "Checks and probes begun.")                        \
  ROW(check_failures, counter, "server_check_failures_total", "Checks and probes that failed.")  \
  ROW(stand_ins, counter, "server_stand_in_requests_total",                                      \
      "Requests the server got for a key whose home was out.")                                   \
  ROW(refused_out, counter, "server_refused_while_out_total",                                    \
      "Requests refused at once because the server is out or held.")                             \
  ROW(owed, counter, "server_owed_deletes_total",                                                \
      "Writes and deletes the server did not get; their keys are deleted when it is back.")      \
  ROW(owed_delivered, counter, "server_owed_deletes_sent_total", "Owed deletes it got.")         \
  ROW(lost_silently, counter, "server_lost_without_reply_total",                                 \
      "Requests without a reply that were lost and are not owed: nobody was told.")

// Of one server as the process has it, looked up when somebody asks; labels: pool, server.
#define RINGWAY_BOARD_METRICS(ROW)                                                             \
  ROW(standing, gauge, "server_standing",                                                      \
      "How the server stands: 0 up, 1 joining, 2 ejected, 3 unresolved, 4 held, 5 drained, 6 " \
      "in maintenance.")                                                                       \
  ROW(unresolved, gauge, "server_unresolved", "1 while the server's name has no address.")     \
  ROW(by_hand, gauge, "server_state_by_hand", "1 while the server's state is set by hand.")    \
  ROW(owed_keys, gauge, "server_owed_keys",                                                    \
      "Keys to be deleted on the server before it takes traffic again.")                       \
  ROW(owed_live_keys, gauge, "server_owed_live_keys",                                          \
      "Those of a server that takes traffic: deleted before the next request for them.")       \
  ROW(owed_bytes, gauge, "server_owed_bytes", "Memory that these keys take; see owed_max.")    \
  ROW(owed_dropped, counter, "server_owed_dropped_total",                                      \
      "Keys that were forgotten because owed_max was reached: they may be stale on the server.")

// Of the process, set by whoever knows.
#define RINGWAY_PROCESS_METRICS(ROW)                                                           \
  ROW(workers_uring, gauge, "workers{engine=\"io_uring\"}", "Workers by what they stand on.")  \
  ROW(workers_epoll, gauge, "workers{engine=\"epoll\"}", "Workers by what they stand on.")     \
  ROW(io_fallback, gauge, "io_fallback",                                                       \
      "1 if io_uring was to be used and could not be: all workers stand on epoll.")            \
  ROW(config_hash, gauge, "config_hash",                                                       \
      "First 48 bits of the hash of the configuration that runs; without what waits for a "    \
      "restart.")                                                                              \
  ROW(config_last_reload_ok, gauge, "config_last_reload_ok",                                   \
      "0 if the last reload was refused or failed, else 1.")                                   \
  ROW(config_last_success, gauge, "config_last_success_timestamp_seconds",                     \
      "When a configuration was last found right, in seconds since 1970.")                     \
  ROW(config_restart_pending, gauge, "config_restart_pending",                                 \
      "Settings of the file that wait for a restart.")                                         \
  ROW(config_reload_failures, counter, "config_reload_failures_total",                         \
      "Reloads that were refused or failed.")                                                  \
  ROW(admin_refused, counter, "admin_refused_total",                                           \
      "Requests that the admin address refused: with a wrong token, under a foreign name, or " \
      "of a page of another site. Without any token one may ask whether there is one.")

#define RINGWAY_METRIC_NAME(id, kind, name, help) id,
enum class WorkerMetric : std::uint16_t { RINGWAY_WORKER_METRICS(RINGWAY_METRIC_NAME) count };
enum class PoolMetric : std::uint16_t { RINGWAY_POOL_METRICS(RINGWAY_METRIC_NAME) count };
enum class ServerMetric : std::uint16_t { RINGWAY_SERVER_METRICS(RINGWAY_METRIC_NAME) count };
enum class BoardMetric : std::uint16_t { RINGWAY_BOARD_METRICS(RINGWAY_METRIC_NAME) count };
enum class ProcessMetric : std::uint16_t { RINGWAY_PROCESS_METRICS(RINGWAY_METRIC_NAME) count };
#undef RINGWAY_METRIC_NAME

enum class Kind : std::uint8_t {
  counter,
  gauge,
  elapsed,  // A counter of microseconds, shown in seconds.
};

struct MetricRow {
  Kind kind;
  std::string_view name;  // Without "ringway_" and without its label.
  std::string_view help;
  std::string_view label = {};  // What sets it apart from the other rows of its name.
  std::string_view label_value = {};
};

std::span<const MetricRow> worker_metrics();
std::span<const MetricRow> pool_metrics();
std::span<const MetricRow> server_metrics();
std::span<const MetricRow> board_metrics();
std::span<const MetricRow> process_metrics();

// The documentation of all of them: src/metrics/README.md is exactly this text.
std::string metrics_markdown();

}  // namespace ringway::metrics
