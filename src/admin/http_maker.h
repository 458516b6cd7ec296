// The one thread that makes answers, one after another, so that the loop hands out and
// waits for nobody. What takes its time (a reload) is begun here and asked now and then.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "ringway/base/time.h"

#include "admin/http.h"

namespace ringway::admin {

class HttpMaker {
 public:
  static constexpr Duration look_every = std::chrono::milliseconds(10);

  struct Job {
    const HttpRoute* route;
    HttpRequest request;
    std::function<void(HttpAnswer)> deliver;  // Called by deliver().
  };

  // `wake` is called by the thread when there is something to deliver. Whoever waits
  // longer than `patience`, or than he says (Prefer: wait=SECONDS), hears that it goes on
  // without him.
  HttpMaker(std::function<void()> wake, Duration patience);
  ~HttpMaker();

  void start();
  // Answers whoever still waits, too; then all that is left to do is deliver().
  void stop();

  // At most one for each connection, which are limited. False: it is stopping.
  bool ask(Job job);
  // Hands out what is done, on the caller's thread.
  void deliver();

 private:
  struct Waiting {
    Job job;
    HttpLater later;
    Instant until;
  };
  struct Done {
    std::function<void(HttpAnswer)> deliver;
    HttpAnswer answer;
  };

  void run();
  bool next(Job& job);
  void make(Job job);
  void look(bool last);
  void finish(Job& job, HttpAnswer answer);

  const std::function<void()> wake_;
  const Duration patience_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::deque<Job> jobs_;
  std::vector<Done> done_;
  bool stopping_ = false;
  std::list<Waiting> waiting_;  // The thread's own.
  std::thread thread_;
};

}  // namespace ringway::admin
