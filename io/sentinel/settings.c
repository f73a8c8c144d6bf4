/*
 * settings.c — what concerns no master: SENTINEL CONFIG, and the lines of the file.
 *
 * A setting is a row: its name, how it is checked, set and printed.
 */
#include "io/sentinel/service_priv.h"

#include "core/base/trace.h"

#include <stddef.h>
#include <stdio.h>

struct setting {
    const char *name;
    bool in_file;   /* by a line of the file's "sentinel" */
    bool file_only; /* no client may see or change it */
    bool (*check)(struct bytes value);
    void (*set)(struct sentinel_service *v, const struct setting *row, struct bytes value);
    void (*print)(const struct sentinel_service *v, const struct setting *row, struct buf *out);
    size_t at; /* in struct sentinel_service */
    const char *by_default;
};

static bool setting_bool(struct bytes value, bool *out)
{
    *out = bytes_is_word(value, "yes");
    return *out || bytes_is_word(value, "no");
}

static bool check_bool(struct bytes value)
{
    bool yes;
    return setting_bool(value, &yes);
}

static void set_bool(struct sentinel_service *v, const struct setting *row, struct bytes value)
{
    bool yes;
    LK_ASSERT(setting_bool(value, &yes));
    memcpy((char *)v + row->at, &yes, sizeof yes);
}

static void print_bool(const struct sentinel_service *v, const struct setting *row, struct buf *out)
{
    bool yes;
    memcpy(&yes, (const char *)v + row->at, sizeof yes);
    buf_append_cstr(out, yes ? "yes" : "no");
}

/* How we announce ourselves: what is said, or what is so. */
static void settings_announce(struct sentinel_service *v)
{
    (void)snprintf(v->machine.addr.host, sizeof v->machine.addr.host, "%s",
                   v->announce_ip[0] ? v->announce_ip : "127.0.0.1");
    const struct config *c = config_current(v->parts.config);
    const int64_t own = c->tls_replication && c->tls_port ? c->tls_port
                        : c->port                         ? c->port
                                                          : c->tls_port;
    v->machine.addr.port = v->announce_port ? v->announce_port : (uint16_t)own;
}

static bool check_host(struct bytes value)
{
    return value.size < SENTINEL_HOST_MAX && !memchr(value.data, '\0', value.size) &&
           !memchr(value.data, ',', value.size) && !memchr(value.data, '\n', value.size);
}

static void set_ip(struct sentinel_service *v, const struct setting *row, struct bytes value)
{
    (void)row;
    memcpy(v->announce_ip, value.data, value.size);
    v->announce_ip[value.size] = '\0';
    settings_announce(v);
}

static void print_ip(const struct sentinel_service *v, const struct setting *row, struct buf *out)
{
    (void)row;
    buf_append_cstr(out, v->announce_ip);
}

static bool check_port(struct bytes value)
{
    int64_t n = 0;
    return bytes_to_int64(value, &n) && n >= 0 && n <= UINT16_MAX;
}

static void set_port(struct sentinel_service *v, const struct setting *row, struct bytes value)
{
    int64_t n = 0;
    (void)row;
    LK_ASSERT(bytes_to_int64(value, &n));
    v->announce_port = (uint16_t)n;
    settings_announce(v);
}

static void print_port(const struct sentinel_service *v, const struct setting *row, struct buf *out)
{
    (void)row;
    buf_printf(out, "%u", v->announce_port);
}

static bool check_any(struct bytes value)
{
    (void)value;
    return true;
}

static void set_credential(struct sentinel_service *v, const struct setting *row,
                           struct bytes value)
{
    struct buf *b = (struct buf *)((char *)v + row->at);
    buf_release(b);
    buf_append_bytes(b, value);
    links_drop_peers(v);
}

static void print_credential(const struct sentinel_service *v, const struct setting *row,
                             struct buf *out)
{
    buf_append_bytes(out, buf_bytes((const struct buf *)((const char *)v + row->at)));
}

/* --- loglevel: the server's own -------------------------------------------------------------- */

static const char *const levels[] = {"debug", "verbose", "notice", "warning", "nothing"};

static bool check_level(struct bytes value)
{
    bool found = false;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        found |= bytes_is_word(value, levels[i]);
    return found;
}

static void set_level(struct sentinel_service *v, const struct setting *row, struct bytes value)
{
    struct buf error = {0};
    (void)row;
    LK_ASSERT(config_put(v->parts.config, bytes_cstr("loglevel"), value, &error) == LK_OK);
    buf_release(&error);
    trace_set_level((enum trace_level)config_current(v->parts.config)->loglevel);
}

static void print_level(const struct sentinel_service *v, const struct setting *row,
                        struct buf *out)
{
    (void)row;
    const int level = config_current(v->parts.config)->loglevel;
    LK_ASSERT(level >= 0 && (size_t)level < sizeof levels / sizeof *levels);
    buf_append_cstr(out, levels[level]);
}

/* --- the rows -------------------------------------------------------------------------------- */

#define BOOL(field, value)                                                                         \
    .in_file = true, .check = check_bool, .set = set_bool, .print = print_bool,                    \
    .at = offsetof(struct sentinel_service, field), .by_default = (value)
#define CREDENTIAL(field)                                                                          \
    .in_file = true, .check = check_any, .set = set_credential, .print = print_credential,         \
    .at = offsetof(struct sentinel_service, field), .by_default = ""

static const struct setting settings[] = {
    {"resolve-hostnames", BOOL(resolve_names, "no")},
    {"announce-hostnames", BOOL(machine.announce_names, "no")},
    {"announce-ip", .in_file = true, .check = check_host, .set = set_ip, .print = print_ip,
     .by_default = ""},
    {"announce-port", .in_file = true, .check = check_port, .set = set_port, .print = print_port,
     .by_default = "0"},
    {"sentinel-user", CREDENTIAL(user)},
    {"sentinel-pass", CREDENTIAL(pass)},
    {"loglevel", .check = check_level, .set = set_level, .print = print_level},
    {"deny-scripts-reconfig", BOOL(deny_scripts, "yes"), .file_only = true},
    {0},
};

static const struct setting *setting_find(struct bytes name)
{
    const struct setting *row = settings;
    while (row->name && !bytes_is_word(name, row->name))
        row++;
    return row->name ? row : NULL;
}

enum setting_rc setting_check(struct bytes name, struct bytes value, bool by_client)
{
    const struct setting *row = setting_find(name);
    if (!row || (by_client ? row->file_only : !row->in_file))
        return SETTING_UNKNOWN;
    return row->check(value) ? SETTING_OK : SETTING_BAD;
}

enum setting_rc setting_set(struct sentinel_service *v, struct bytes name, struct bytes value,
                            bool by_client)
{
    const enum setting_rc rc = setting_check(name, value, by_client);
    if (rc == SETTING_OK) {
        const struct setting *row = setting_find(name);
        row->set(v, row, value);
    }
    return rc;
}

const char *setting_name(size_t i)
{
    LK_ASSERT(i < sizeof settings / sizeof *settings);
    return settings[i].name;
}

bool setting_is_told(size_t i)
{
    LK_ASSERT(setting_name(i));
    return !settings[i].file_only;
}

void setting_value(const struct sentinel_service *v, size_t i, struct buf *out)
{
    LK_ASSERT(setting_name(i));
    settings[i].print(v, &settings[i], out);
}

void setting_print(const struct sentinel_service *v, size_t i, struct buf *out)
{
    struct buf value = {0};
    setting_value(v, i, &value);
    if (settings[i].in_file &&
        !bytes_equal(buf_bytes(&value), bytes_cstr(settings[i].by_default))) {
        buf_printf(out, "sentinel %s ", settings[i].name);
        conf_print_word(buf_bytes(&value), out);
        buf_append_char(out, '\n');
    }
    buf_release(&value);
}
