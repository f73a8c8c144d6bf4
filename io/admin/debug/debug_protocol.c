/*
 * debug_protocol.c — DEBUG PROTOCOL: one reply of each kind, for those who write clients.
 */
#include "io/admin/debug/debug_protocol.h"

static void say_string(struct reply *r)
{
    reply_bulk_cstr(r, "Hello World");
}

static void say_integer(struct reply *r)
{
    reply_int(r, 12345);
}

static void say_double(struct reply *r)
{
    reply_double(r, 3.141);
}

static void say_bignum(struct reply *r)
{
    reply_big_number(r, bytes_cstr("1234567999999999999999999999999999999"));
}

static void say_null(struct reply *r)
{
    reply_null(r);
}

static void say_three(struct reply *r)
{
    for (int i = 0; i < 3; i++)
        reply_int(r, i);
}

static void say_array(struct reply *r)
{
    reply_array(r, 3);
    say_three(r);
}

static void say_set(struct reply *r)
{
    reply_set(r, 3);
    say_three(r);
}

static void say_map(struct reply *r)
{
    reply_map(r, 3);
    for (int i = 0; i < 3; i++) {
        reply_int(r, i);
        reply_bool(r, i == 1);
    }
}

static void say_attribute(struct reply *r)
{
    if (r->version > 2) {
        reply_attribute(r, 1);
        reply_bulk_cstr(r, "key-popularity");
        reply_array(r, 2);
        reply_bulk_cstr(r, "key:123");
        reply_int(r, 90);
    }
    reply_bulk_cstr(r, "Some real reply following the attribute");
}

static void say_push(struct reply *r)
{
    if (r->version < 3) {
        reply_error(r, "ERR RESP2 is not supported by this command");
        return;
    }
    reply_push(r, 2);
    reply_bulk_cstr(r, "server-cpu-usage");
    reply_int(r, 42);
    reply_bulk_cstr(r, "Some real reply following the push reply");
}

static void say_verbatim(struct reply *r)
{
    reply_verbatim(r, "txt", bytes_cstr("This is a verbatim\nstring"));
}

static void say_true(struct reply *r)
{
    reply_bool(r, true);
}

static void say_false(struct reply *r)
{
    reply_bool(r, false);
}

void debug_protocol(struct reply *r, struct bytes kind)
{
    static const struct {
        const char *name;
        void (*say)(struct reply *r);
    } kinds[] = {{"string", say_string}, {"integer", say_integer},   {"double", say_double},
                 {"bignum", say_bignum}, {"null", say_null},         {"array", say_array},
                 {"set", say_set},       {"map", say_map},           {"attrib", say_attribute},
                 {"push", say_push},     {"verbatim", say_verbatim}, {"true", say_true},
                 {"false", say_false}};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (bytes_is_word(kind, kinds[i].name)) {
            kinds[i].say(r);
            return;
        }
    }
    reply_error(r, "ERR Wrong protocol type name. Please use one of the following: "
                   "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|"
                   "false");
}
