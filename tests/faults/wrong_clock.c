/* Shifts the clock on the wall of whatever is started with it (LD_PRELOAD) by the seconds that stand in a file. Durations
   stay true: only CLOCK_REALTIME is shifted. libfaketime's shifting breaks the waits of programs with threads. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock)(clockid_t, struct timespec *);
static const volatile int64_t *shift;

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("WRONG_CLOCK_FILE");
  int opened = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
  real_clock = dlsym(RTLD_NEXT, "clock_gettime");
  if (opened >= 0) {
    void *seen = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, opened, 0);
    if (seen != MAP_FAILED) shift = seen;
    close(opened);
  }
}

int clock_gettime(clockid_t which, struct timespec *at) {
  if (!real_clock) real_clock = dlsym(RTLD_NEXT, "clock_gettime");
  int failed = real_clock(which, at);
  if (!failed && shift && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) at->tv_sec += *shift;
  return failed;
}

int gettimeofday(struct timeval *at, void *zone) {
  struct timespec now;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
