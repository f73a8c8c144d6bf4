/*
 * options.c — what can be said of a master: SENTINEL SET, and the lines of the file.
 *
 * An option is a row: its name, how many values it takes, how it is set and how it is written.
 */
#include "io/sentinel/service_priv.h"

#include "core/base/mem.h"

#include <inttypes.h>
#include <stddef.h>
#include <strings.h>

struct option {
    const char *name, *alias;
    size_t values;
    bool secret, script, hidden; /* hidden: of SENTINEL SET alone; the file has it elsewhere */
    /* NULL, or what is wrong; "" is the usual text. */
    const char *(*set)(struct sentinel_service *v, struct sentinel_master *m,
                       const struct option *o, const struct bytes *values);
    void (*print)(const struct option *o, const struct sentinel_master *m,
                  const struct master_conf *c, struct buf *out);
    size_t at; /* of the number in struct sentinel_master, or the text in struct master_conf */
    int64_t by_default, most;
};

/* --- numbers --------------------------------------------------------------------------------- */

static const char *set_span(struct sentinel_service *v, struct sentinel_master *m,
                            const struct option *o, const struct bytes *values)
{
    int64_t n = 0;
    (void)v;
    if (!bytes_to_int64(values[0], &n) || n < 0 || n > o->most || (n == 0 && o->by_default != 0))
        return o->by_default != 0 ? "negative or zero time parameter." : "negative time parameter.";
    memcpy((char *)m + o->at, &n, sizeof n);
    return NULL;
}

static const char *set_count(struct sentinel_service *v, struct sentinel_master *m,
                             const struct option *o, const struct bytes *values)
{
    int64_t n = 0;
    (void)v;
    if (!bytes_to_int64(values[0], &n) || n < 1 || n > o->most)
        return "";
    const uint32_t count = (uint32_t)n;
    memcpy((char *)m + o->at, &count, sizeof count);
    return NULL;
}

static void print_number(const struct option *o, const struct sentinel_master *m, int64_t value,
                         struct buf *out)
{
    if (value == o->by_default)
        return;
    conf_print_head(o->name, m->name, out);
    buf_printf(out, "%" PRId64 "\n", value);
}

static void print_span(const struct option *o, const struct sentinel_master *m,
                       const struct master_conf *c, struct buf *out)
{
    int64_t n;
    (void)c;
    memcpy(&n, (const char *)m + o->at, sizeof n);
    print_number(o, m, n, out);
}

static void print_count(const struct option *o, const struct sentinel_master *m,
                        const struct master_conf *c, struct buf *out)
{
    uint32_t n;
    (void)c;
    memcpy(&n, (const char *)m + o->at, sizeof n);
    print_number(o, m, n, out);
}

/* --- texts ----------------------------------------------------------------------------------- */

static struct buf *option_text(const struct option *o, struct master_conf *c)
{
    return (struct buf *)((char *)c + o->at);
}

static void text_replace(struct buf *b, struct bytes value)
{
    buf_release(b);
    buf_append_bytes(b, value);
}

static const char *set_secret(struct sentinel_service *v, struct sentinel_master *m,
                              const struct option *o, const struct bytes *values)
{
    text_replace(option_text(o, conf_of(v, m->name)), values[0]);
    links_drop(v, m);
    return NULL;
}

static const char *set_script(struct sentinel_service *v, struct sentinel_master *m,
                              const struct option *o, const struct bytes *values)
{
    if (values[0].size > 0 && !script_is_runnable(values[0]))
        return o->at == offsetof(struct master_conf, notify)
                   ? "Notification script seems non existing or non executable."
                   : "Client reconfiguration script seems non existing or non executable.";
    text_replace(option_text(o, conf_of(v, m->name)), values[0]);
    return NULL;
}

static void print_text(const struct option *o, const struct sentinel_master *m,
                       const struct master_conf *c, struct buf *out)
{
    const struct buf *text = (const struct buf *)((const char *)c + o->at);
    if (text->size == 0)
        return;
    conf_print_head(o->name, m->name, out);
    conf_print_word(buf_bytes(text), out);
    buf_append_char(out, '\n');
}

/* --- renamed commands ------------------------------------------------------------------------ */

static const char *set_renamed(struct sentinel_service *v, struct sentinel_master *m,
                               const struct option *o, const struct bytes *values)
{
    struct master_conf *c = conf_of(v, m->name);
    struct renamed **at = &c->renamed;
    (void)o;
    if (values[0].size == 0 || values[1].size == 0)
        return "";
    while (*at && ((*at)->from.size != values[0].size ||
                   strncasecmp((*at)->from.data, values[0].data, values[0].size) != 0))
        at = &(*at)->next;
    struct renamed *r = *at;
    if (r) {
        *at = r->next;
        buf_release(&r->from);
        buf_release(&r->to);
        mem_delete(r);
    }
    if (values[0].size == values[1].size &&
        strncasecmp(values[0].data, values[1].data, values[0].size) == 0)
        return NULL; /* it has its own name again */
    r = mem_new(struct renamed);
    buf_append_bytes(&r->from, values[0]);
    buf_append_bytes(&r->to, values[1]);
    r->next = c->renamed;
    c->renamed = r;
    return NULL;
}

static void print_renamed(const struct option *o, const struct sentinel_master *m,
                          const struct master_conf *c, struct buf *out)
{
    for (const struct renamed *r = c->renamed; r; r = r->next) {
        conf_print_head(o->name, m->name, out);
        conf_print_word(buf_bytes(&r->from), out);
        buf_append_char(out, ' ');
        conf_print_word(buf_bytes(&r->to), out);
        buf_append_char(out, '\n');
    }
}

/* --- the rows -------------------------------------------------------------------------------- */

#define SPAN(field, value)                                                                         \
    .values = 1, .set = set_span, .print = print_span,                                             \
    .at = offsetof(struct sentinel_master, field), .by_default = (value), .most = INT64_MAX / 1000
#define COUNT(field, value, limit)                                                                 \
    .values = 1, .set = set_count, .print = print_count,                                           \
    .at = offsetof(struct sentinel_master, field), .by_default = (value), .most = (limit)
#define SECRET(field)                                                                              \
    .values = 1, .set = set_secret, .print = print_text, .at = offsetof(struct master_conf, field)
#define SCRIPT(field)                                                                              \
    .values = 1, .script = true, .set = set_script, .print = print_text,                           \
    .at = offsetof(struct master_conf, field)

static const struct option options[] = {
    {"down-after-milliseconds", SPAN(down_after_ms, SENTINEL_DOWN_AFTER_MS)},
    {"failover-timeout", SPAN(failover_timeout_ms, SENTINEL_FAILOVER_MS)},
    {"parallel-syncs", COUNT(parallel_syncs, 1, UINT32_MAX)},
    {"quorum", COUNT(quorum, 0, SENTINEL_PEERS_MAX), .hidden = true},
    {"notification-script", SCRIPT(notify)},
    {"client-reconfig-script", SCRIPT(reconfigure)},
    {"auth-user", SECRET(auth_user)},
    {"auth-pass", SECRET(auth_pass), .secret = true},
    {"master-reboot-down-after-period", "primary-reboot-down-after-period",
     SPAN(reboot_down_after_ms, 0)},
    {"rename-command", .values = 2, .set = set_renamed, .print = print_renamed},
    {0},
};

static const struct option *option_find(struct bytes name)
{
    const struct option *o = options;
    while (o->name && !bytes_is_word(name, o->name) && !(o->alias && bytes_is_word(name, o->alias)))
        o++;
    return o->name ? o : NULL;
}

size_t option_set(struct sentinel_service *v, struct sentinel_master *m, const struct bytes *words,
                  size_t n, bool by_client, const char **why)
{
    const struct option *o = n > 0 ? option_find(words[0]) : NULL;
    *why = NULL;
    if (!o || n < 1 + o->values || (o->hidden && !by_client))
        return 0;
    if (o->script && by_client && v->deny_scripts) {
        *why = "Reconfiguration of scripts path is denied for security reasons. Check the "
               "deny-scripts-reconfig configuration directive in your Sentinel configuration";
        return 0;
    }
    *why = o->set(v, m, o, words + 1);
    return *why ? 0 : 1 + o->values;
}

bool option_is_secret(struct bytes option)
{
    const struct option *o = option_find(option);
    return o && o->secret;
}

const char *option_name(size_t i)
{
    LK_ASSERT(i < sizeof options / sizeof *options);
    return options[i].name;
}

void option_print(struct sentinel_service *v, const struct sentinel_master *m, size_t i,
                  struct buf *out)
{
    LK_ASSERT(option_name(i));
    if (!options[i].hidden)
        options[i].print(&options[i], m, conf_of(v, m->name), out);
}
