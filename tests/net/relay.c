/* A bad link between a device and an office, on loopback: rate, delay, loss,
 * outages, and connections cut at a byte.
 *
 *   relay --to PORT [--listen PORT] [--rate BITS] [--delay MS] [--loss PERCENT]
 * [--seed N]
 *         [--cut-every MS] [--outage MS] [--seconds N]
 *         [--reply-bytes N] [--request-bytes N] [--step N]
 *
 * Rate (bits a second) and delay (one way) hold for each direction; the first
 * byte waits for one round trip more, as for a handshake.  What is
 * lost on the way is never missed by a TCP receiver, it comes late and all
 * behind it with it: so a lost segment stalls its direction for a
 * retransmission timeout of twice the round trip, doubled while it is lost
 * again.  Every
 * --cut-every all connections are reset and new ones refused for --outage.
 * --reply-bytes resets the first connection when so many bytes of what the
 * office says have passed, the next --step bytes later, and so on (likewise
 * --request-bytes).  Prints "listening on PORT", and "cut" for each reset of
 * a connection; ends after --seconds (600) or when it is told to, with "passed
 * UP DOWN", the bytes that arrived at either end. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINKS_MAX 64
#define SEGMENT_BYTES 1460
#define WINDOW_BYTES 16384 /* on the way at most, then the sender waits */

static struct {
    int64_t rate_bits, delay_us, cut_every_us, outage_us;
    int64_t reply_bytes, request_bytes, step; /* bytes negative: never */
    double loss;
    uint16_t to, here;
} set = {.reply_bytes = -1, .request_bytes = -1, .step = 1};

struct chunk {
    struct chunk *next;
    int64_t due_us;
    size_t size, sent;
    uint8_t bytes[SEGMENT_BYTES];
};

/* One direction of one connection. */
struct way {
    int from, to;
    struct chunk *first, *last;
    size_t queued;
    int64_t due_us; /* of the latest chunk: nothing overtakes */
    int64_t left;   /* bytes until it is cut; negative: never */
    bool ended;     /* the sender has nothing more to say */
};

struct link {
    bool used;
    struct way up, down;
};

static struct link links[LINKS_MAX];
static int64_t line_free_us[2]; /* when each direction can take the next byte */
static int64_t passed_bytes[2];
static volatile sig_atomic_t told_to_end;

static void on_end(int signal_number)
{
    (void)signal_number;
    told_to_end = 1;
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void way_clear(struct way *w)
{
    while (w->first) {
        struct chunk *next = w->first->next;
        free(w->first);
        w->first = next;
    }
    *w = (struct way){0};
}

/* As a network does that is suddenly not there: both ends get a reset. */
static void link_reset(struct link *l)
{
    struct linger now = {.l_onoff = 1};
    int fds[2] = {l->up.from, l->down.from};
    for (int i = 0; i < 2; i++) {
        (void)setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(fds[i]);
    }
    way_clear(&l->up);
    way_clear(&l->down);
    l->used = false;
}

/* --- the way of a segment --------------------------------------------------
 */

static int64_t lost_us(void)
{
    int64_t late = 0, timeout = 4 * set.delay_us;
    while (drand48() < set.loss && late < 60000000) {
        late += timeout;
        timeout *= 2;
    }
    return late;
}

static void segment_send(struct way *w, int direction, struct chunk *c)
{
    int64_t *line = &line_free_us[direction];
    int64_t begin = now_us();
    if (begin < *line)
        begin = *line;
    *line = begin;
    if (set.rate_bits)
        *line += (int64_t)c->size * 8 * 1000000 / set.rate_bits;
    c->due_us = *line + set.delay_us + lost_us();
    if (!w->due_us && direction == 0)
        c->due_us += 2 * set.delay_us; /* the handshake went before */
    if (c->due_us < w->due_us)
        c->due_us = w->due_us;
    w->due_us = c->due_us;
    w->queued += c->size;
    *(w->last ? &w->last->next : &w->first) = c;
    w->last = c;
}

static bool way_read(struct way *w, int direction)
{
    struct chunk *c = calloc(1, sizeof *c);
    if (!c)
        die("relay");
    ssize_t got = read(w->from, c->bytes, sizeof c->bytes);
    if (got <= 0) {
        free(c);
        w->ended = true;
        return got == 0;
    }
    c->size = (size_t)got;
    segment_send(w, direction, c);
    return true;
}

static void say_cut(void)
{
    puts("cut");
    fflush(stdout);
}

/* What is due goes on; false when the connection is to be cut. */
static bool way_write(struct way *w, int direction)
{
    while (w->first && w->first->due_us <= now_us()) {
        struct chunk *c = w->first;
        size_t size = c->size - c->sent;
        if (w->left >= 0 && size > (size_t)w->left)
            size = (size_t)w->left;
        ssize_t put = size ? write(w->to, c->bytes + c->sent, size) : 0;
        if (put < 0)
            return false;
        c->sent += (size_t)put;
        passed_bytes[direction] += put;
        w->queued -= (size_t)put;
        if (w->left >= 0)
            w->left -= put;
        if (w->left == 0) {
            say_cut();
            return false;
        }
        if (c->sent < c->size)
            return true;
        w->first = c->next;
        w->last = w->first ? w->last : NULL;
        free(c);
    }
    if (w->ended && !w->first)
        (void)shutdown(w->to, SHUT_WR);
    return true;
}

/* --- connections -----------------------------------------------------------
 */

static int office_connect(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(set.to),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int64_t next_cut(int64_t *at)
{
    int64_t now = *at;
    if (now >= 0)
        *at += set.step;
    return now;
}

static void link_open(int listener, bool down)
{
    int device = accept(listener, NULL, NULL);
    struct link *l = links;
    while (l < links + LINKS_MAX && l->used)
        l++;
    if (device < 0)
        return;
    int office = down || l == links + LINKS_MAX ? -1 : office_connect();
    if (office < 0) {
        close(device);
        return;
    }
    *l = (struct link){.used = true,
                       .up = {.from = device,
                              .to = office,
                              .left = next_cut(&set.request_bytes)},
                       .down = {.from = office,
                                .to = device,
                                .left = next_cut(&set.reply_bytes)}};
}

static void link_work(struct link *l, bool read_up, bool read_down)
{
    bool good = !read_up || way_read(&l->up, 0);
    good = (!read_down || way_read(&l->down, 1)) && good;
    good = good && way_write(&l->up, 0) && way_write(&l->down, 1);
    bool over = l->up.ended && l->down.ended && !l->up.first && !l->down.first;
    if (!good || over)
        link_reset(l);
}

static bool reads(const struct way *w)
{
    return !w->ended && w->queued < WINDOW_BYTES;
}

/* --- the loop --------------------------------------------------------------
 */

static int64_t earliest(int64_t until)
{
    for (struct link *l = links; l < links + LINKS_MAX; l++) {
        if (l->used && l->up.first && l->up.first->due_us < until)
            until = l->up.first->due_us;
        if (l->used && l->down.first && l->down.first->due_us < until)
            until = l->down.first->due_us;
    }
    return until;
}

static void turn(int listener, int64_t down_until, int64_t until)
{
    struct pollfd fds[1 + 2 * LINKS_MAX];
    int64_t wait = (earliest(until) - now_us() + 999) / 1000;
    fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (int i = 0; i < LINKS_MAX; i++) {
        struct way *ways[2] = {&links[i].up, &links[i].down};
        for (int d = 0; d < 2; d++)
            fds[1 + 2 * i + d] = (struct pollfd){
                .fd = links[i].used && reads(ways[d]) ? ways[d]->from : -1,
                .events = POLLIN};
    }
    if (poll(fds, 1 + 2 * LINKS_MAX, wait < 0 ? 0 : (int)wait) < 0) {
        if (told_to_end)
            return;
        die("poll");
    }
    for (int i = 0; i < LINKS_MAX; i++)
        if (links[i].used)
            link_work(&links[i], fds[1 + 2 * i].revents != 0,
                      fds[2 + 2 * i].revents != 0);
    if (fds[0].revents)
        link_open(listener, now_us() < down_until);
}

static void serve(int listener, int64_t end)
{
    int64_t cut = set.cut_every_us ? now_us() + set.cut_every_us : end;
    int64_t down_until = 0;
    while (now_us() < end && !told_to_end) {
        if (now_us() >= cut) {
            for (struct link *l = links; l < links + LINKS_MAX; l++)
                if (l->used) {
                    link_reset(l);
                    say_cut();
                }
            down_until = now_us() + set.outage_us;
            cut += set.cut_every_us;
        }
        turn(listener, down_until, cut < end ? cut : end);
    }
}

static int listen_any(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_port = htons(set.here),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    int again = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again) ||
        bind(fd, (struct sockaddr *)&here, sizeof here) ||
        listen(fd, LINKS_MAX) ||
        getsockname(fd, (struct sockaddr *)&here, &size))
        die("listen");
    printf("listening on %d\n", ntohs(here.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    int64_t seconds = 600;
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i];
        double value = atof(argv[i + 1]);
        int64_t whole = (int64_t)value;
        if (!strcmp(name, "--to"))
            set.to = (uint16_t)whole;
        else if (!strcmp(name, "--listen"))
            set.here = (uint16_t)whole;
        else if (!strcmp(name, "--rate"))
            set.rate_bits = whole;
        else if (!strcmp(name, "--delay"))
            set.delay_us = whole * 1000;
        else if (!strcmp(name, "--loss"))
            set.loss = value / 100;
        else if (!strcmp(name, "--seed"))
            srand48(whole);
        else if (!strcmp(name, "--cut-every"))
            set.cut_every_us = whole * 1000;
        else if (!strcmp(name, "--outage"))
            set.outage_us = whole * 1000;
        else if (!strcmp(name, "--reply-bytes"))
            set.reply_bytes = whole;
        else if (!strcmp(name, "--request-bytes"))
            set.request_bytes = whole;
        else if (!strcmp(name, "--step"))
            set.step = whole;
        else if (!strcmp(name, "--seconds"))
            seconds = whole;
        else
            return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGTERM, on_end);
    serve(listen_any(), now_us() + seconds * 1000000);
    printf("passed %lld %lld\n", (long long)passed_bytes[0],
           (long long)passed_bytes[1]);
    return 0;
}
