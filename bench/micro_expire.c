/*
 * micro_expire.c — what deadlines cost while nothing is due, and how late they fire when much is.
 *
 *   idle       keys whose deadlines lie hours ahead
 *   steady     a share of them due each second
 *   refreshed  short deadlines that are put off again and again: pages fall due in vain
 *   flood      many due within one second
 *
 * Time is made up: the clock is moved a tick at a time, and by what a round of expiry took, so the
 * figures are the CPU's and not the machine's other guests'.  One worker with all shards.  The lag
 * of a key is read from its name in the event of its expiry.
 */
#include "bench/load/hist.h"
#include "bench/micro_bed.h"

static uint64_t keys_count = 1000000, seconds = 5, refreshes = 0, flood = 1000000, part = 0;
static uint64_t budget_us = 1000, commands_us = 1000;

#define START_MS INT64_C(1700000000000)

enum { STAMP_CHARS = 13, TICK_MS = 10 };

struct watcher {
    struct hist lag; /* ms, counted as if they were ns */
    uint64_t expired;
};

static void note_event(void *ctx, uint32_t db, uint32_t event_class, const char *name,
                       struct bytes key)
{
    struct watcher *w = ctx;
    (void)db, (void)event_class, (void)name;
    int64_t due = 0;
    for (size_t i = 0; i < STAMP_CHARS; i++)
        due = due * 10 + (key.data[i] - '0');
    const int64_t late = clock_unix_ms() - due;
    hist_add(&w->lag, late > 0 ? (uint64_t)late : 0, 1);
    w->expired++;
}

/* "1700003600000:000042": its deadline and a number. */
static struct bytes timed_key(struct seat *s, uint32_t i, int64_t due_ms, uint64_t number)
{
    char *to = s->text[i];
    for (int at = STAMP_CHARS - 1; at >= 0; at--, due_ms /= 10)
        to[at] = (char)('0' + due_ms % 10);
    to[STAMP_CHARS] = ':';
    for (int at = STAMP_CHARS + 8; at > STAMP_CHARS; at--, number /= 10)
        to[at] = (char)('0' + number % 10);
    return bytes_of(to, STAMP_CHARS + 9);
}

static void run_batch(struct seat *s, uint32_t n)
{
    dispatch_enter(s->d);
    seat_run(s, n, true);
    dispatch_leave(s->d);
}

/* Keys due at random within [from_ms, to_ms). */
static void fill_timed(struct bed *b, uint64_t n, int64_t from_ms, int64_t to_ms)
{
    struct seat *s = &b->seats[0];
    static char digits[DISPATCH_BATCH][INT64_CHARS];
    struct rng rng;
    rng_seed(&rng, 5);
    for (uint64_t at = 0; at < n;) {
        uint32_t i = 0;
        for (; i < DISPATCH_BATCH && at < n; i++, at++) {
            const int64_t due = from_ms + (int64_t)rng_below(&rng, (uint64_t)(to_ms - from_ms));
            const struct bytes key = timed_key(s, i, due, at);
            seat_command(s, i, 3, "SET", key, bytes_cstr("0123456789abcdef"));
            s->words[i][3] = bytes_cstr("PXAT");
            s->words[i][4] = bytes_of(digits[i], int64_to_chars(due, digits[i]));
            s->pending[i].args.n = 5;
        }
        run_batch(s, i);
    }
}

/* Puts off n random ones of keys 0 .. keys-1, named as seat_key does, to ttl_ms from now. */
static void refresh(struct bed *b, struct rng *rng, uint64_t n, int64_t now_ms, int64_t ttl_ms)
{
    struct seat *s = &b->seats[0];
    char digits[INT64_CHARS];
    const struct bytes due = bytes_of(digits, int64_to_chars(now_ms + ttl_ms, digits));
    for (uint64_t at = 0; at < n;) {
        uint32_t i = 0;
        for (; i < DISPATCH_BATCH && at < n; i++, at++)
            seat_command(s, i, 3, "PEXPIREAT", seat_key(s, i, rng_below(rng, keys_count)), due);
        run_batch(s, i);
    }
}

static void refresh_all(struct bed *b, uint64_t n, int64_t due_ms)
{
    struct seat *s = &b->seats[0];
    char digits[INT64_CHARS];
    const struct bytes due = bytes_of(digits, int64_to_chars(due_ms, digits));
    for (uint64_t at = 0; at < n;) {
        uint32_t i = 0;
        for (; i < DISPATCH_BATCH && at < n; i++, at++)
            seat_command(s, i, 3, "PEXPIREAT", seat_key(s, i, at), due);
        run_batch(s, i);
    }
}

struct bill {
    int64_t cpu_ns, longest_ns;
    uint64_t rounds;
};

/*
 * A loop of a worker: expiry, then commands for a while if it has any.  Returns the moment behind
 * it: at the next tick, or at once when more is due.
 */
static int64_t turn(struct bed *b, int64_t now_ms, int64_t *now_ns, struct bill *bill)
{
    struct seat *s = &b->seats[0];
    int64_t next_ms = 0;
    clock_fake_unix_ms(now_ms);
    dispatch_enter(s->d);
    const int64_t start = micro_cpu_ns();
    const bool more = dispatch_expire(s->d, 0, 1, (int64_t)budget_us, &next_ms);
    const int64_t took = micro_cpu_ns() - start;
    dispatch_leave(s->d);
    bill->cpu_ns += took;
    bill->longest_ns = took > bill->longest_ns ? took : bill->longest_ns;
    bill->rounds++;
    /* A round that was interrupted did less than its budget: commands get their share of it. */
    const int64_t commands = took * (int64_t)commands_us / (int64_t)budget_us;
    *now_ns += more ? took + commands : (int64_t)TICK_MS * 1000000;
    return START_MS + *now_ns / 1000000;
}

static void report(const char *what, uint64_t keys, const struct bill *bill, double sim_s,
                   const struct watcher *w)
{
    printf("| %s | %s | %.2f | %.3f %% | %.1f | %.0f | %llu ", what, micro_count(keys), sim_s,
           100 * (double)bill->cpu_ns / (sim_s * 1e9),
           (double)bill->cpu_ns / (double)bill->rounds / 1000, (double)bill->longest_ns / 1000,
           (unsigned long long)w->expired);
    if (w->expired)
        printf("| %.0f | %llu | %llu | %llu |\n", (double)bill->cpu_ns / (double)w->expired,
               (unsigned long long)hist_percentile(&w->lag, 0.5),
               (unsigned long long)hist_percentile(&w->lag, 0.99), (unsigned long long)w->lag.max);
    else
        printf("| | | | |\n");
}

static void begin(struct bed *b, struct watcher *w)
{
    clock_fake_unix_ms(START_MS);
    bed_init(b, 1);
    memset(w, 0, sizeof *w);
    b->engine.hooks.event = note_event;
    b->engine.hooks.event_ctx = w;
    b->engine.hooks.events = EVENT_EXPIRED;
}

/* Deadlines within [from_s, to_s); what is due is spread evenly. */
static void measure_spread(const char *what, uint64_t n, int64_t from_s, int64_t to_s)
{
    static struct watcher w;
    struct bed b;
    struct bill bill = {0};
    begin(&b, &w);
    fill_timed(&b, n, START_MS + from_s * 1000, START_MS + to_s * 1000);
    int64_t now_ns = 0;
    for (int64_t now = START_MS; now < START_MS + (int64_t)seconds * 1000;)
        now = turn(&b, now, &now_ns, &bill);
    report(what, n, &bill, (double)now_ns / 1e9, &w);
    bed_release(&b);
}

/*
 * Each key's deadline is put off some six times before it would have passed, and few are not in
 * time.  The minute before the measurement makes deadlines and due pages what they are in the long
 * run.
 */
static void measure_refreshed(uint64_t n)
{
    enum { TTL_MS = 60000, WARM_TICK_MS = 100 };
    static struct watcher w;
    struct bed b;
    struct bill bill = {0}, warm = {0};
    struct rng rng;
    const uint64_t rate = refreshes ? refreshes : n / 10;
    rng_seed(&rng, 6);
    begin(&b, &w);
    b.engine.hooks.events = 0; /* the names hold no deadline */
    bed_fill(&b, n);
    refresh_all(&b, n, START_MS + TTL_MS);
    int64_t now_ns = 0, now = START_MS;
    for (; now < START_MS + TTL_MS; now_ns += (WARM_TICK_MS - TICK_MS) * INT64_C(1000000)) {
        refresh(&b, &rng, rate * WARM_TICK_MS / 1000, now, TTL_MS);
        now = turn(&b, now, &now_ns, &warm);
    }
    const uint64_t *expired = &dispatcher_stats(b.seats[0].d)->expired_keys;
    const uint64_t expired_before = stats_read(expired);
    const int64_t begun_ns = now_ns;
    while (now_ns < begun_ns + (int64_t)seconds * 1000000000) {
        refresh(&b, &rng, rate * TICK_MS / 1000, now, TTL_MS);
        now = turn(&b, now, &now_ns, &bill);
    }
    w.expired = 0;
    char what[80];
    snprintf(what, sizeof what, "TTL 60 s, refreshed %s/s; %llu expired", micro_count(rate),
             (unsigned long long)(stats_read(expired) - expired_before));
    report(what, n, &bill, (double)(now_ns - begun_ns) / 1e9, &w);
    bed_release(&b);
}

static void measure_flood(uint64_t n)
{
    static struct watcher w;
    struct bed b;
    struct bill bill = {0};
    begin(&b, &w);
    fill_timed(&b, n, START_MS + 1000, START_MS + 2000);
    int64_t now_ns = 1000000000;
    int64_t now = START_MS + 1000;
    while (w.expired < n)
        now = turn(&b, now, &now_ns, &bill);
    char what[80];
    snprintf(what, sizeof what, "flood: all due in 1 s");
    report(what, n, &bill, (double)(now_ns - 1000000000) / 1e9, &w);
    bed_release(&b);
}

int main(int argc, char **argv)
{
    const struct micro_option options[] = {
        {"keys", &keys_count, "with deadlines, in all parts but flood"},
        {"seconds", &seconds, "of made-up time"},
        {"refreshes", &refreshes, "a second; 0 is a tenth of the keys"},
        {"flood", &flood, "keys due in one second"},
        {"budget", &budget_us, "us that a round of expiry may take"},
        {"commands", &commands_us, "us between two rounds while more is due"},
        {"part", &part, "1 idle and steady, 2 refreshed, 3 flood, 0 all"},
    };
    micro_options(argc, argv, options, sizeof options / sizeof *options);
    hash_process_key = (struct hash_key){1, 2};
    char title[250];
    snprintf(title, sizeof title,
             "Expiry: one worker, %llu s of made-up time, budget %llu us a round, %llu us of "
             "commands between rounds while more is due; CPU of dispatch_expire; lag in ms",
             (unsigned long long)seconds, (unsigned long long)budget_us,
             (unsigned long long)commands_us);
    micro_head(title, "deadlines | keys | seconds | share of a core | us a round | longest, us | "
                      "expired | ns an expired key | lag p50 | lag p99 | lag longest");
    if (part == 0 || part == 1) {
        measure_spread("idle: 1 h to 2 h ahead", keys_count, 3600, 7200);
        measure_spread("steady: evenly over 1 h", keys_count, 0, 3600);
        measure_spread("steady: evenly over 1 min", keys_count, 0, 60);
    }
    if (part == 0 || part == 2)
        measure_refreshed(keys_count);
    if (part == 0 || part == 3)
        measure_flood(flood);
    return 0;
}
