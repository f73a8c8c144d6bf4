/*
 * config_special.c — directives with a form of their own: save, client-output-buffer-limit,
 * oom-score-adj-values, notify-keyspace-events, latency-tracking-info-percentiles.
 *
 * Each is a set, a show and, where REWRITE needs more than "name value", a lines function.  A set
 * changes the draft only when all its words are good.
 */
#include "io/config/config_priv.h"

#include <inttypes.h>

/* --- save: pairs of seconds and changes ------------------------------------------------------ */

static bool save_set(struct config_edit *e, const struct config_row *row, const struct bytes *v,
                     size_t n)
{
    struct config_save_points *save = &e->draft->save;
    /* The first line of a file replaces the defaults, the others add to it; SET always replaces. */
    const size_t kept = e->loading && e->save_seen && n > 1 ? save->n : 0;
    struct config_save_point *points = NULL;

    (void)row;
    /* A shell's --save '""' arrives with its quotes, and means none. */
    if (e->loading && n == 1 && bytes_equal(v[0], bytes_cstr("\"\"")))
        n = 0;
    if (n % 2 != 0)
        return config_refuse(e, "Invalid save parameters");
    if (kept + n / 2 > 0)
        points = config_blob_new((kept + n / 2) * sizeof *points);
    if (kept > 0)
        memcpy(points, save->v, kept * sizeof *points);
    for (size_t i = 0; i < n / 2; i++) {
        struct config_save_point *p = &points[kept + i];
        if (!config_parse_long(v[2 * i], &p->seconds) || p->seconds < 1 ||
            !config_parse_long(v[2 * i + 1], &p->changes) || p->changes < 0) {
            config_blob_drop(points);
            return config_refuse(e, "Invalid save parameters");
        }
    }
    config_blob_drop(save->v);
    save->v = points;
    save->n = kept + n / 2;
    e->save_seen = true;
    return true;
}

static void save_show(const struct config *c, const struct config_row *row, struct buf *out)
{
    (void)row;
    for (size_t i = 0; i < c->save.n; i++)
        buf_printf(out, "%s%" PRId64 " %" PRId64, i ? " " : "", c->save.v[i].seconds,
                   c->save.v[i].changes);
}

static void save_lines(const struct config *c, const struct config_row *row, struct buf *out)
{
    for (size_t i = 0; i < c->save.n; i++)
        buf_printf(out, "%s %" PRId64 " %" PRId64 "\n", row->name, c->save.v[i].seconds,
                   c->save.v[i].changes);
    if (c->save.n == 0)
        buf_printf(out, "%s \"\"\n", row->name);
}

const struct config_special config_special_save = {save_set, save_show, save_lines};

/* --- client-output-buffer-limit: class hard soft seconds, any number of times ---------------- */

/* Old name first, as CONFIG GET shows it; the new one is what REWRITE writes. */
static const struct config_choice client_class[] = {{"normal", CONFIG_CLIENT_NORMAL},
                                                    {"slave", CONFIG_CLIENT_REPLICA},
                                                    {"replica", CONFIG_CLIENT_REPLICA},
                                                    {"pubsub", CONFIG_CLIENT_PUBSUB},
                                                    {NULL, 0}};

static bool limit_set(struct config_edit *e, const struct config_row *row, const struct bytes *v,
                      size_t n)
{
    struct config_buffer_limit limit[3];

    (void)row;
    if (n % 4 != 0)
        return config_refuse(e, "Wrong number of arguments in buffer limit configuration.");
    memcpy(limit, e->draft->client_output_buffer_limit, sizeof limit);
    for (size_t i = 0; i < n; i += 4) {
        int class = 0;
        if (!config_choice_find(client_class, v[i], &class))
            return config_refuse(e,
                                 "Invalid client class specified in buffer limit configuration.");
        if (!config_parse_memory(v[i + 1], &limit[class].hard) ||
            !config_parse_memory(v[i + 2], &limit[class].soft) ||
            !config_parse_long(v[i + 3], &limit[class].soft_seconds) ||
            limit[class].soft_seconds < 0)
            return config_refuse(
                e, "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    memcpy(e->draft->client_output_buffer_limit, limit, sizeof limit);
    e->draft->dispatch.output_hard = limit[CONFIG_CLIENT_NORMAL].hard;
    return true;
}

static void limit_show(const struct config *c, const struct config_row *row, struct buf *out)
{
    (void)row;
    for (int class = 0; class < 3; class ++) {
        const struct config_buffer_limit *l = &c->client_output_buffer_limit[class];
        buf_printf(out, "%s%s %" PRIu64 " %" PRIu64 " %" PRId64, class ? " " : "",
                   config_choice_name(client_class, class), l->hard, l->soft, l->soft_seconds);
    }
}

static void config_special_limit_lines(const struct config *c, const struct config_row *row,
                                       struct buf *out)
{
    static const char *const name[] = {"normal", "replica", "pubsub"};

    for (int class = 0; class < 3; class ++) {
        const struct config_buffer_limit *l = &c->client_output_buffer_limit[class];
        buf_printf(out, "%s %s ", row->name, name[class]);
        config_show_memory(l->hard, out);
        buf_append_char(out, ' ');
        config_show_memory(l->soft, out);
        buf_printf(out, " %" PRId64 "\n", l->soft_seconds);
    }
}

const struct config_special config_special_buffer_limit = {limit_set, limit_show,
                                                           config_special_limit_lines};

/* --- oom-score-adj-values: three numbers ------------------------------------------------------ */

static bool oom_set(struct config_edit *e, const struct config_row *row, const struct bytes *v,
                    size_t n)
{
    int64_t values[3] = {0};

    (void)row;
    if (n != 3)
        return config_refuse(e, "wrong number of arguments");
    for (size_t i = 0; i < 3; i++) {
        if (!config_parse_long(v[i], &values[i]) || values[i] < -2000 || values[i] > 2000)
            return config_refuse(
                e, "Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
    }
    memcpy(e->draft->oom_score_adj_values, values, sizeof values);
    return true;
}

static void oom_show(const struct config *c, const struct config_row *row, struct buf *out)
{
    const int64_t *v = c->oom_score_adj_values;

    (void)row;
    buf_printf(out, "%" PRId64 " %" PRId64 " %" PRId64, v[0], v[1], v[2]);
}

const struct config_special config_special_oom_values = {oom_set, oom_show, NULL};

/* --- notify-keyspace-events: letters ---------------------------------------------------------- */

/* In the order in which CONFIG GET shows them. */
static const struct {
    char letter;
    int bit;
} event_class[] = {
    {'g', CONFIG_NOTIFY_GENERIC},  {'$', CONFIG_NOTIFY_STRING},  {'l', CONFIG_NOTIFY_LIST},
    {'s', CONFIG_NOTIFY_SET},      {'h', CONFIG_NOTIFY_HASH},    {'z', CONFIG_NOTIFY_ZSET},
    {'x', CONFIG_NOTIFY_EXPIRED},  {'e', CONFIG_NOTIFY_EVICTED}, {'t', CONFIG_NOTIFY_STREAM},
    {'d', CONFIG_NOTIFY_MODULE},   {'n', CONFIG_NOTIFY_NEW},     {'K', CONFIG_NOTIFY_KEYSPACE},
    {'E', CONFIG_NOTIFY_KEYEVENT}, {'m', CONFIG_NOTIFY_MISS},
};
enum { EVENT_CLASSES = sizeof event_class / sizeof *event_class };

static int event_bits(char letter)
{
    for (size_t i = 0; i < EVENT_CLASSES; i++) {
        if (event_class[i].letter == letter)
            return event_class[i].bit;
    }
    return letter == 'A' ? CONFIG_NOTIFY_ALL : 0;
}

static bool notify_set(struct config_edit *e, const struct config_row *row, const struct bytes *v,
                       size_t n)
{
    int bits = 0;

    (void)row;
    if (n != 1)
        return config_refuse(e, "wrong number of arguments");
    for (size_t i = 0; i < v[0].size; i++) {
        const int one = event_bits(v[0].data[i]);
        if (one == 0)
            return config_refuse(e, "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
        bits |= one;
    }
    e->draft->notify_keyspace_events = bits;
    return true;
}

static void notify_show(const struct config *c, const struct config_row *row, struct buf *out)
{
    int bits = c->notify_keyspace_events;

    (void)row;
    if ((bits & CONFIG_NOTIFY_ALL) == CONFIG_NOTIFY_ALL) {
        buf_append_char(out, 'A');
        bits &= ~CONFIG_NOTIFY_ALL;
    }
    for (size_t i = 0; i < EVENT_CLASSES; i++) {
        if (bits & event_class[i].bit)
            buf_append_char(out, event_class[i].letter);
    }
}

static void notify_lines(const struct config *c, const struct config_row *row, struct buf *out)
{
    buf_printf(out, "%s \"", row->name);
    notify_show(c, row, out);
    buf_append_cstr(out, "\"\n");
}

const struct config_special config_special_notify = {notify_set, notify_show, notify_lines};

/* --- latency-tracking-info-percentiles: numbers from 0 to 100 --------------------------------- */

static bool percentiles_set(struct config_edit *e, const struct config_row *row,
                            const struct bytes *v, size_t n)
{
    double *list = n > 0 ? config_blob_new(n * sizeof *list) : NULL;
    bool number = true, inside = true;

    for (size_t i = 0; i < n && number && inside; i++) {
        number = bytes_to_double(v[i], &list[i]);
        inside = !number || (list[i] >= 0 && list[i] <= 100);
    }
    if (!number || !inside)
        config_blob_drop(list);
    if (!number)
        return config_refuse(e, "Invalid %s parameters", row->name);
    if (!inside)
        return config_refuse(e, "%s parameters should sit between [0.0,100.0]", row->name);
    config_blob_drop(e->draft->latency_tracking_info_percentiles.v);
    e->draft->latency_tracking_info_percentiles.v = list;
    e->draft->latency_tracking_info_percentiles.n = n;
    return true;
}

/* Six decimals without trailing zeros. */
static void percentiles_show(const struct config *c, const struct config_row *row, struct buf *out)
{
    const struct config_doubles *list = &c->latency_tracking_info_percentiles;

    (void)row;
    for (size_t i = 0; i < list->n; i++) {
        buf_printf(out, "%s%f", i ? " " : "", list->v[i]);
        while (out->data[out->size - 1] == '0')
            out->size--;
        if (out->data[out->size - 1] == '.')
            out->size--;
    }
}

static void percentiles_lines(const struct config *c, const struct config_row *row, struct buf *out)
{
    buf_printf(out, "%s ", row->name);
    if (c->latency_tracking_info_percentiles.n == 0)
        buf_append_cstr(out, "\"\"");
    percentiles_show(c, row, out);
    buf_append_char(out, '\n');
}

const struct config_special config_special_percentiles = {percentiles_set, percentiles_show,
                                                          percentiles_lines};
