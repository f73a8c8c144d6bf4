/*
 * client_type.c — kinds of clients, as CLIENT LIST and KILL name them.
 */
#include "core/cmd/conn/cmd_client.h"

bool client_type_parse(struct exec *x, struct bytes name, enum client_type *out)
{
    static const struct {
        const char *word;
        enum client_type type;
    } words[] = {{"normal", CLIENT_NORMAL},
                 {"master", CLIENT_MASTER},
                 {"replica", CLIENT_REPLICA},
                 {"slave", CLIENT_REPLICA},
                 {"pubsub", CLIENT_PUBSUB}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (bytes_is_word(name, words[i].word)) {
            *out = words[i].type;
            return true;
        }
    reply_error(x->reply, "ERR Unknown client type '%.*s'", (int)name.size, name.data);
    return false;
}
