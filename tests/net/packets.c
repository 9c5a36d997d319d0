/* A bad link of IP packets between two network namespaces, through two TUN
 * devices: what is lost is lost, and each end's own TCP has to send it again.
 *
 *   packets --peer PID [--rate BITS] [--delay MS] [--loss PERCENT] [--seed N]
 *           [--cut-every MS] [--outage MS] [--seconds N] [--silent 1]
 *   packets --probe 1
 *
 * The office's end is 10.77.0.1 in the namespace in which this is started, the
 * device's end is 10.77.0.2 in that of PID.  Rate (bits a second), delay (one
 * way) and loss hold for each direction; what finds a full queue is dropped, as
 * at any slow modem.  A cut takes everything on its way, and for --outage all
 * that comes; afterwards connections from before are dead, as when a carrier
 * has given the address to somebody else: the device's packets are answered by
 * a reset (or, --silent, by nothing), the office is told nothing.  Prints
 * "ready", then "cut" for each; ends after --seconds (600) or when it is told
 * to, with "packets N lost N dropped N again N", of which the last were sent
 * before, and "passed UP DOWN", the bytes of TCP that arrived at either end. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_BYTES 32768
#define PACKET_BYTES 1500
#define OFFICE "10.77.0.1"
#define DEVICE "10.77.0.2"

enum { UP, DOWN, WAYS };

static struct {
    int64_t rate_bits, delay_us, cut_every_us, outage_us, seconds;
    double loss;
    pid_t peer;
    bool silent, probe;
} set = {.seconds = 600};

struct packet {
    struct packet *next;
    int64_t due_us;
    size_t size;
    uint8_t bytes[PACKET_BYTES];
};

struct way {
    int from, to;
    struct packet *first, *last;
    size_t queued;
    int64_t line_free_us; /* when it can take the next byte */
    int64_t passed;       /* bytes of TCP */
};

/* A connection, by the device's port. */
static struct {
    uint32_t round;         /* the cut after which it began */
    uint32_t highest[WAYS]; /* sequence number that follows what was sent */
} flows[65536];

static struct way ways[WAYS];
static uint32_t round_now = 1;
static int64_t packets, lost, dropped, again;
static volatile sig_atomic_t told_to_end;

static void on_end(int signal_number)
{
    (void)signal_number;
    told_to_end = 1;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* --- the two ends --------------------------------------------------------- */

static void interface_ask(int fd, unsigned long what, struct ifreq *request,
                          const char *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    if (address) {
        in.sin_addr.s_addr = inet_addr(address);
        memcpy(&request->ifr_addr, &in, sizeof in);
    }
    if (ioctl(fd, what, request))
        die("interface");
}

/* A TUN device with that address in the present namespace. */
static int end_open(const char *address)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    strcpy(request.ifr_name, "satchel0");
    if (tun < 0 || ioctl(tun, TUNSETIFF, &request) || fd < 0)
        die("tun");
    interface_ask(fd, SIOCSIFADDR, &request, address);
    interface_ask(fd, SIOCSIFNETMASK, &request, "255.255.255.0");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    interface_ask(fd, SIOCSIFFLAGS, &request, NULL);
    close(fd);
    return tun;
}

static void ends_open(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)set.peer);
    ways[UP].to = ways[DOWN].from = end_open(OFFICE);
    int there = open(path, O_RDONLY);
    if (there < 0 || syscall(SYS_setns, there, 0))
        die(path);
    close(there);
    ways[UP].from = ways[DOWN].to = end_open(DEVICE);
}

/* --- packets -------------------------------------------------------------- */

/* NULL when it is none of TCP over IPv4. */
static struct tcphdr *tcp_of(struct packet *p, size_t *payload)
{
    struct iphdr *ip = (struct iphdr *)p->bytes;
    if (p->size < sizeof *ip || ip->version != 4 || ip->protocol != IPPROTO_TCP)
        return NULL;
    struct tcphdr *tcp = (struct tcphdr *)(p->bytes + ip->ihl * 4);
    size_t heads = (size_t)ip->ihl * 4 + (size_t)tcp->doff * 4;
    *payload = p->size > heads ? p->size - heads : 0;
    return tcp;
}

static uint16_t checksum(const void *bytes, size_t size, uint32_t sum)
{
    const uint8_t *at = bytes;
    for (uint16_t word; size > 1; size -= 2, at += 2) {
        memcpy(&word, at, sizeof word);
        sum += word;
    }
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* To the device, in the office's name, as an answer to that packet. */
static void reset_send(const struct packet *p, const struct tcphdr *to)
{
    struct {
        struct iphdr ip;
        struct tcphdr tcp;
    } answer = {.ip = {.version = 4, .ihl = 5, .ttl = 64}};
    struct {
        uint32_t from, to;
        uint16_t protocol, size;
        struct tcphdr tcp;
    } sum;
    const struct iphdr *ip = (const struct iphdr *)p->bytes;
    answer.ip.protocol = IPPROTO_TCP;
    answer.ip.tot_len = htons(sizeof answer);
    answer.ip.saddr = ip->daddr;
    answer.ip.daddr = ip->saddr;
    answer.ip.check = checksum(&answer.ip, sizeof answer.ip, 0);
    answer.tcp.source = to->dest;
    answer.tcp.dest = to->source;
    answer.tcp.seq = to->ack_seq;
    answer.tcp.doff = 5;
    answer.tcp.rst = 1;
    sum.from = answer.ip.saddr;
    sum.to = answer.ip.daddr;
    sum.protocol = htons(IPPROTO_TCP);
    sum.size = htons(sizeof answer.tcp);
    sum.tcp = answer.tcp;
    answer.tcp.check = checksum(&sum, sizeof sum, 0);
    if (write(ways[UP].from, &answer, sizeof answer) < 0)
        perror("reset");
}

/* Whether it belongs to what a cut has ended. */
static bool is_dead(struct packet *p, int direction)
{
    size_t payload;
    const struct tcphdr *tcp = tcp_of(p, &payload);
    if (!tcp)
        return false;
    uint16_t port = ntohs(direction == UP ? tcp->source : tcp->dest);
    uint32_t end = ntohl(tcp->seq) + (uint32_t)payload;
    if (direction == UP && tcp->syn && !tcp->ack)
        flows[port].round = round_now;
    if (flows[port].round != round_now) {
        if (direction == UP && !tcp->rst && !set.silent)
            reset_send(p, tcp);
        return true;
    }
    uint32_t *highest = &flows[port].highest[direction];
    if (!tcp->syn && payload && (int32_t)(end - *highest) <= 0)
        again++;
    else
        *highest = end + tcp->syn;
    return false;
}

static void packet_queue(struct way *w, struct packet *p)
{
    int64_t begin = now_us();
    if (w->line_free_us < begin)
        w->line_free_us = begin;
    if (set.rate_bits)
        w->line_free_us += (int64_t)p->size * 8 * 1000000 / set.rate_bits;
    p->due_us = w->line_free_us + set.delay_us;
    w->queued += p->size;
    *(w->last ? &w->last->next : &w->first) = p;
    w->last = p;
}

static void packet_take(int direction, bool down)
{
    struct way *w = &ways[direction];
    struct packet *p = calloc(1, sizeof *p);
    if (!p)
        die("packets");
    ssize_t size = read(w->from, p->bytes, sizeof p->bytes);
    p->size = size > 0 ? (size_t)size : 0;
    if (p->size && p->bytes[0] >> 4 == 4) { /* nothing but IPv4 */
        packets++;
        if (down || w->queued + p->size > QUEUE_BYTES) {
            dropped++;
        } else if (!is_dead(p, direction)) {
            packet_queue(w, p);
            return;
        }
    }
    free(p);
}

static struct packet *packet_first(struct way *w)
{
    struct packet *p = w->first;
    w->first = p->next;
    w->last = w->first ? w->last : NULL;
    w->queued -= p->size;
    return p;
}

static void packets_deliver(struct way *w)
{
    while (w->first && w->first->due_us <= now_us()) {
        struct packet *p = packet_first(w);
        size_t payload = 0;
        if (drand48() < set.loss)
            lost++;
        else if (write(w->to, p->bytes, p->size) > 0 && tcp_of(p, &payload))
            w->passed += (int64_t)payload;
        free(p);
    }
}

/* --- the loop ------------------------------------------------------------- */

static void cut(void)
{
    for (int i = 0; i < WAYS; i++) {
        while (ways[i].first)
            free(packet_first(&ways[i]));
        ways[i].line_free_us = 0;
    }
    round_now++;
    puts("cut");
    fflush(stdout);
}

static void turn(int64_t down_until, int64_t until)
{
    struct pollfd fds[WAYS];
    for (int i = 0; i < WAYS; i++) {
        fds[i] = (struct pollfd){.fd = ways[i].from, .events = POLLIN};
        if (ways[i].first && ways[i].first->due_us < until)
            until = ways[i].first->due_us;
    }
    int64_t wait = (until - now_us() + 999) / 1000;
    if (poll(fds, WAYS, wait < 0 ? 0 : (int)wait) < 0 && !told_to_end)
        die("poll");
    for (int i = 0; i < WAYS; i++) {
        if (fds[i].revents)
            packet_take(i, now_us() < down_until);
        packets_deliver(&ways[i]);
    }
}

static void serve(void)
{
    int64_t end = now_us() + set.seconds * 1000000, down_until = 0;
    int64_t next = set.cut_every_us ? now_us() + set.cut_every_us : end;
    while (now_us() < end && !told_to_end) {
        if (now_us() >= next) {
            cut();
            down_until = now_us() + set.outage_us;
            next += set.cut_every_us;
        }
        turn(down_until, next < end ? next : end);
    }
}

static bool option(const char *name, double value)
{
    int64_t whole = (int64_t)value;
    if (!strcmp(name, "--peer"))
        set.peer = (pid_t)whole;
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
    else if (!strcmp(name, "--seconds"))
        set.seconds = whole;
    else if (!strcmp(name, "--silent"))
        set.silent = whole;
    else if (!strcmp(name, "--probe"))
        set.probe = whole;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2)
        if (!option(argv[i], atof(argv[i + 1])))
            return 2;
    (void)signal(SIGTERM, on_end);
    if (set.probe)
        return end_open(OFFICE) < 0;
    ends_open();
    puts("ready");
    fflush(stdout);
    serve();
    printf("packets %lld lost %lld dropped %lld again %lld\n"
           "passed %lld %lld\n",
           (long long)packets, (long long)lost, (long long)dropped,
           (long long)again, (long long)ways[UP].passed,
           (long long)ways[DOWN].passed);
    return 0;
}
