/* Change notification across threads and processes.
 *
 * The vault's change counter is the truth; inotify on the write-ahead log only
 * says when it is worth looking, so a missed event costs half a second. */
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "client/handle.h"

#define LOOK_MS 500

PUBLIC int satchel_change_count(satchel *handle, int64_t *count)
{
    enum err err = handle_enter(handle);
    if (!err)
        err = vault_change_count(handle->vault, count);
    return handle_leave(handle, err);
}

static int watch_open(satchel *handle)
{
    char path[PATH_MAX];
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0 || handle_enter(handle)) {
        pthread_mutex_unlock(&handle->lock);
        return fd;
    }
    snprintf(path, sizeof path, "%s-wal", vault_path(handle->vault));
    pthread_mutex_unlock(&handle->lock);
    (void)inotify_add_watch(fd, path, IN_MODIFY);
    return fd;
}

static void watch_wait(int fd, int64_t ms)
{
    char events[4096];
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    (void)poll(&poll_fd, 1, (int)ms);
    while (fd >= 0 && read(fd, events, sizeof events) > 0)
        continue;
}

PUBLIC int satchel_wait_change(satchel *handle, int64_t last, int timeout_ms,
                               int64_t *count)
{
    const struct clock *clock = clock_system();
    int64_t end = clock_monotonic_ms(clock) + timeout_ms;
    int fd = watch_open(handle);
    int code;
    for (;;) {
        code = satchel_change_count(handle, count);
        int64_t left = end - clock_monotonic_ms(clock);
        if (code || *count != last)
            break;
        if (left <= 0) {
            code = SATCHEL_TIMEOUT;
            break;
        }
        watch_wait(fd, left < LOOK_MS ? left : LOOK_MS);
    }
    if (fd >= 0)
        close(fd);
    return code;
}
