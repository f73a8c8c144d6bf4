/*
 * config_choice.c — the words that a directive chooses among.
 *
 * Several words may have one value; the first is the one that is shown.
 */
#include "core/base/trace.h"
#include "io/config/config_priv.h"

#include <strings.h>

const struct config_choice config_choice_io_backend[] = {
    {"auto", CONFIG_IO_AUTO}, {"uring", CONFIG_IO_URING}, {"epoll", CONFIG_IO_EPOLL}, {NULL, 0}};

const struct config_choice config_choice_access[] = {{"no", CONFIG_ACCESS_NO},
                                                     {"yes", CONFIG_ACCESS_YES},
                                                     {"local", CONFIG_ACCESS_LOCAL},
                                                     {NULL, 0}};

const struct config_choice config_choice_policy[] = {{"volatile-lru", CONFIG_VOLATILE_LRU},
                                                     {"volatile-lfu", CONFIG_VOLATILE_LFU},
                                                     {"volatile-random", CONFIG_VOLATILE_RANDOM},
                                                     {"volatile-ttl", CONFIG_VOLATILE_TTL},
                                                     {"allkeys-lru", CONFIG_ALLKEYS_LRU},
                                                     {"allkeys-lfu", CONFIG_ALLKEYS_LFU},
                                                     {"allkeys-random", CONFIG_ALLKEYS_RANDOM},
                                                     {"noeviction", CONFIG_NOEVICTION},
                                                     {NULL, 0}};

const struct config_choice config_choice_fsync[] = {{"everysec", CONFIG_FSYNC_EVERYSEC},
                                                    {"always", CONFIG_FSYNC_ALWAYS},
                                                    {"no", CONFIG_FSYNC_NO},
                                                    {NULL, 0}};

const struct config_choice config_choice_supervised[] = {{"upstart", CONFIG_SUPERVISED_UPSTART},
                                                         {"systemd", CONFIG_SUPERVISED_SYSTEMD},
                                                         {"auto", CONFIG_SUPERVISED_AUTO},
                                                         {"no", CONFIG_SUPERVISED_NO},
                                                         {NULL, 0}};

const struct config_choice config_choice_sanitize[] = {{"no", CONFIG_SANITIZE_NO},
                                                       {"yes", CONFIG_SANITIZE_YES},
                                                       {"clients", CONFIG_SANITIZE_CLIENTS},
                                                       {NULL, 0}};

const struct config_choice config_choice_diskless_load[] = {
    {"disabled", CONFIG_LOAD_DISK},
    {"on-empty-db", CONFIG_LOAD_ON_EMPTY_DB},
    {"swapdb", CONFIG_LOAD_SWAPDB},
    {NULL, 0}};

const struct config_choice config_choice_oom[] = {{"no", CONFIG_OOM_NO},
                                                  {"yes", CONFIG_OOM_RELATIVE},
                                                  {"relative", CONFIG_OOM_RELATIVE},
                                                  {"absolute", CONFIG_OOM_ABSOLUTE},
                                                  {NULL, 0}};

const struct config_choice config_choice_channels[] = {
    {"allchannels", CONFIG_ALLCHANNELS}, {"resetchannels", CONFIG_RESETCHANNELS}, {NULL, 0}};

const struct config_choice config_choice_endpoint[] = {
    {"ip", CONFIG_ENDPOINT_IP},
    {"hostname", CONFIG_ENDPOINT_HOSTNAME},
    {"unknown-endpoint", CONFIG_ENDPOINT_UNKNOWN},
    {NULL, 0}};

const struct config_choice config_choice_tls_clients[] = {{"no", CONFIG_TLS_CLIENTS_NO},
                                                          {"yes", CONFIG_TLS_CLIENTS_YES},
                                                          {"optional", CONFIG_TLS_CLIENTS_OPTIONAL},
                                                          {NULL, 0}};

const struct config_choice config_choice_tls_user[] = {{"off", CONFIG_TLS_USER_OFF},
                                                       {"CN", CONFIG_TLS_USER_CN},
                                                       {"URI", CONFIG_TLS_USER_URI},
                                                       {NULL, 0}};

const struct config_choice config_choice_propagation[] = {
    {"ignore", CONFIG_PROPAGATION_IGNORE},
    {"panic", CONFIG_PROPAGATION_PANIC},
    {"panic-on-replicas", CONFIG_PROPAGATION_PANIC_ON_REPLICAS},
    {NULL, 0}};

const struct config_choice config_choice_shutdown[] = {{"default", 0},
                                                       {"save", CONFIG_SHUTDOWN_SAVE},
                                                       {"nosave", CONFIG_SHUTDOWN_NOSAVE},
                                                       {"now", CONFIG_SHUTDOWN_NOW},
                                                       {"force", CONFIG_SHUTDOWN_FORCE},
                                                       {NULL, 0}};

const struct config_choice config_choice_loglevel[] = {
    {"debug", TRACE_DEBUG},     {"verbose", TRACE_VERBOSE}, {"notice", TRACE_NOTICE},
    {"warning", TRACE_WARNING}, {"nothing", TRACE_NOTHING}, {NULL, 0}};

/*
 * The facilities are numbered by RFC 5424, 6.2.1, and the call takes them shifted past the three
 * bits of the severity.
 */
const struct config_choice config_choice_facility[] = {{"user", 1 << 3},    {"local0", 16 << 3},
                                                       {"local1", 17 << 3}, {"local2", 18 << 3},
                                                       {"local3", 19 << 3}, {"local4", 20 << 3},
                                                       {"local5", 21 << 3}, {"local6", 22 << 3},
                                                       {"local7", 23 << 3}, {NULL, 0}};

bool config_choice_find(const struct config_choice *list, struct bytes word, int *value)
{
    for (; list->name; list++) {
        if (strlen(list->name) == word.size && strncasecmp(list->name, word.data, word.size) == 0) {
            *value = list->value;
            return true;
        }
    }
    return false;
}

const char *config_choice_name(const struct config_choice *list, int value)
{
    for (; list->name; list++) {
        if (list->value == value)
            return list->name;
    }
    return "";
}
