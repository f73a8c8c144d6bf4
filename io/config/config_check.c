/*
 * config_check.c — values that depend on more than their bounds, and what follows from them.
 *
 * A check runs after its directive's member has changed.  It clamps where Redis clamps in silence
 * and refuses where Redis refuses.
 */
#include "io/config/config_priv.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

enum { SHARDS_MAX = 65536, SHARDS_DEFAULT = 1024, SHARDS_A_WORKER = 64 };
enum { HZ_MIN = 1, HZ_MAX = 500 };
enum { WATCHDOG_TICKS = 2 }; /* a watchdog must not bark within one tick of the timer */
enum { BACKLOG_MIN = 16 * 1024 };
enum { HOSTNAME_MAX = 255, NODENAME_MAX = 100 };

const char *config_check_policy(struct config *c)
{
    static const struct evict_rule rules[] = {
        [CONFIG_VOLATILE_LRU] = {EVICT_BY_USE, true},
        [CONFIG_VOLATILE_LFU] = {EVICT_BY_COUNT, true},
        [CONFIG_VOLATILE_RANDOM] = {EVICT_BY_CHANCE, true},
        [CONFIG_VOLATILE_TTL] = {EVICT_BY_DEADLINE, true},
        [CONFIG_ALLKEYS_LRU] = {EVICT_BY_USE, false},
        [CONFIG_ALLKEYS_LFU] = {EVICT_BY_COUNT, false},
        [CONFIG_ALLKEYS_RANDOM] = {EVICT_BY_CHANCE, false},
        [CONFIG_NOEVICTION] = {EVICT_NOTHING, false},
    };
    c->dispatch.eviction.rule = rules[c->maxmemory_policy];
    c->dispatch.limits.lfu = c->dispatch.eviction.rule.by == EVICT_BY_COUNT;
    return NULL;
}

const char *config_check_hz(struct config *c)
{
    if (c->hz < HZ_MIN)
        c->hz = HZ_MIN;
    if (c->hz > HZ_MAX)
        c->hz = HZ_MAX;
    return NULL;
}

const char *config_check_shards(struct config *c)
{
    const int64_t n = c->shards_wanted;

    return (n & (n - 1)) == 0 ? NULL : "argument must be a power of two";
}

const char *config_check_watchdog(struct config *c)
{
    if (c->watchdog_period_ms == 0)
        return NULL;
    const int64_t least_ms = 1000 / c->hz * WATCHDOG_TICKS;
    if (c->watchdog_period_ms < least_ms)
        c->watchdog_period_ms = least_ms;
    return NULL;
}

const char *config_check_backlog(struct config *c)
{
    if (c->repl_backlog_size < BACKLOG_MIN)
        c->repl_backlog_size = BACKLOG_MIN;
    return NULL;
}

const char *config_check_dbfilename(struct config *c)
{
    return strchr(c->dbfilename, '/') ? "dbfilename can't be a path, just a filename" : NULL;
}

const char *config_check_appendfilename(struct config *c)
{
    if (c->appendfilename[0] == '\0')
        return "appendfilename can't be empty";
    return strchr(c->appendfilename, '/') ? "appendfilename can't be a path, just a filename"
                                          : NULL;
}

const char *config_check_appenddirname(struct config *c)
{
    if (c->appenddirname[0] == '\0')
        return "appenddirname can't be empty";
    return strchr(c->appenddirname, '/') ? "appenddirname can't be a path, just a dirname" : NULL;
}

const char *config_check_proc_title(struct config *c)
{
    static const char *const known[] = {"title",    "listen-addr", "server-mode", "port",
                                        "tls-port", "unixsocket",  "config-file"};
    static const char refusal[] = "template format is invalid or contains unknown variables";
    const char *p = c->proc_title_template;

    if (*p == '\0')
        return refusal;
    while ((p = strchr(p, '{')) != NULL) {
        const char *end = strchr(++p, '}');
        bool found = false;
        for (size_t i = 0; end && i < sizeof known / sizeof *known; i++)
            found |= bytes_equal(bytes_of(p, (size_t)(end - p)), bytes_cstr(known[i]));
        if (!found)
            return refusal;
        p = end;
    }
    return NULL;
}

static bool is_host_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.';
}

static bool is_host_text(const char *s)
{
    while (is_host_char(*s))
        s++;
    return *s == '\0';
}

const char *config_check_hostname(struct config *c)
{
    const char *s = c->cluster_announce_hostname;

    if (s && strlen(s) > HOSTNAME_MAX)
        return "Hostnames must be less than 256 characters";
    if (s && !is_host_text(s))
        return "Hostnames may only contain alphanumeric characters, hyphens or dots";
    return NULL;
}

const char *config_check_nodename(struct config *c)
{
    const char *s = c->cluster_announce_human_nodename;

    if (s && strlen(s) > NODENAME_MAX)
        return "Announced human node name is too long";
    if (s && !is_host_text(s))
        return "Announced human node name contained invalid character";
    return NULL;
}

const char *config_check_ipv4(struct config *c)
{
    struct in_addr parsed;
    const char *s = c->cluster_announce_client_ipv4;

    return s && inet_pton(AF_INET, s, &parsed) != 1 ? "Invalid IPv4 address" : NULL;
}

const char *config_check_ipv6(struct config *c)
{
    struct in6_addr parsed;
    const char *s = c->cluster_announce_client_ipv6;

    return s && inet_pton(AF_INET6, s, &parsed) != 1 ? "Invalid IPv6 address" : NULL;
}

static const char *check_shutdown(int bits)
{
    const int both = CONFIG_SHUTDOWN_SAVE | CONFIG_SHUTDOWN_NOSAVE;

    return (bits & both) == both ? "shutdown options SAVE and NOSAVE can't be used simultaneously"
                                 : NULL;
}

const char *config_check_sigint(struct config *c)
{
    return check_shutdown(c->shutdown_on_sigint);
}

const char *config_check_sigterm(struct config *c)
{
    return check_shutdown(c->shutdown_on_sigterm);
}

/* Locks of many shards collide rarely: at least SHARDS_A_WORKER for each worker, a power of two. */
void config_settle(struct config *c, int cpus)
{
    static_assert((SHARDS_MAX & (SHARDS_MAX - 1)) == 0, "doubling ends at the limit");

    c->io_threads = c->io_threads_wanted > 0 ? c->io_threads_wanted : cpus;
    if (c->cluster_enabled)
        c->dispatch.limits.databases = 1;
    c->shards = c->shards_wanted > 0 ? c->shards_wanted : SHARDS_DEFAULT;
    while (c->shards < c->io_threads * SHARDS_A_WORKER && c->shards < SHARDS_MAX)
        c->shards *= 2;
}
