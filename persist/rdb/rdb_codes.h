/*
 * rdb_codes.h — the numbers that an RDB file is made of, and what each is called.
 *
 *   "REDIS" version | aux … | { SELECTDB db, RESIZEDB … { [expiry] [idle|freq] type key value } }
 *   | EOF | crc
 *
 * A record begins with one byte: an opcode or the type of the value that follows.  Redis' versions
 * 1 … 12 know each other's numbers; Valkey went its own way from 80 on, and uses 22 for another
 * type than Redis' release candidates did.  So a number means something only with a version.
 *
 * Source   the published descriptions of the RDB format, and what redis-check-rdb calls the types
 */
#ifndef LK_PERSIST_RDB_CODES_H
#define LK_PERSIST_RDB_CODES_H

#include "core/types/value.h"

LK_BEGIN

enum {
    RDB_VERSION_FIRST = 1,
    RDB_VERSION_CHECKSUM = 5,   /* from here on a crc follows EOF */
    RDB_VERSION_U64_LENGTH = 8, /* the first with lengths of 64 bits */
    RDB_VERSION_REDIS_MAX = 12, /* Redis 7.4 and 8.0 */
    RDB_VERSION_VALKEY = 80,    /* Valkey 9; its files begin with VALKEY instead of REDIS0 */

    RDB_MAGIC_BYTES = 9,
};

enum rdb_opcode {
    RDB_OP_SLOT_IMPORT = 243,
    RDB_OP_SLOT_INFO = 244,
    RDB_OP_FUNCTION = 245,
    RDB_OP_FUNCTION_PRE_GA = 246,
    RDB_OP_MODULE_AUX = 247,
    RDB_OP_IDLE = 248, /* seconds since the last use: a length */
    RDB_OP_FREQ = 249, /* the LFU counter: one byte */
    RDB_OP_AUX = 250,
    RDB_OP_RESIZEDB = 251,
    RDB_OP_EXPIRE_MS = 252,
    RDB_OP_EXPIRE_S = 253,
    RDB_OP_SELECTDB = 254,
    RDB_OP_EOF = 255,
};

enum rdb_value_code {
    RDB_STRING = 0,
    RDB_LIST = 1,
    RDB_SET = 2,
    RDB_ZSET = 3, /* scores as text */
    RDB_HASH = 4,
    RDB_ZSET_2 = 5, /* scores as doubles */
    RDB_MODULE_PRE_GA = 6,
    RDB_MODULE_2 = 7,
    RDB_HASH_ZIPMAP = 9,
    RDB_LIST_ZIPLIST = 10,
    RDB_SET_INTSET = 11,
    RDB_ZSET_ZIPLIST = 12,
    RDB_HASH_ZIPLIST = 13,
    RDB_LIST_QUICKLIST = 14, /* of ziplists */
    RDB_STREAM_LISTPACKS = 15,
    RDB_HASH_LISTPACK = 16,
    RDB_ZSET_LISTPACK = 17,
    RDB_LIST_QUICKLIST_2 = 18, /* of listpacks and single large elements */
    RDB_STREAM_LISTPACKS_2 = 19,
    RDB_SET_LISTPACK = 20,
    RDB_STREAM_LISTPACKS_3 = 21,
    RDB_HASH_METADATA_PRE_GA = 22,    /* below RDB_VERSION_VALKEY */
    RDB_HASH_2 = 22,                  /* from it on: field, value, deadline in ms or -1 */
    RDB_HASH_LISTPACK_EX_PRE_GA = 23, /* the two PRE_GA forms lack the earliest deadline in front */
    RDB_HASH_METADATA = 24,           /* fields with deadlines */
    RDB_HASH_LISTPACK_EX = 25,        /* the same as one listpack */
};

/* How a string that is not its bytes is kept: the low six bits of a length that begins with 11. */
enum rdb_string_form {
    RDB_STR_INT8 = 0,
    RDB_STR_INT16 = 1,
    RDB_STR_INT32 = 2,
    RDB_STR_LZF = 3,
};

/* In place of the size of a score's text. */
enum rdb_text_double {
    RDB_TEXT_NAN = 253,
    RDB_TEXT_INF = 254,
    RDB_TEXT_MINUS_INF = 255,
};

/* What a module's data is cut into, so that it can be skipped unread. */
enum rdb_module_opcode {
    RDB_MODULE_EOF = 0,
    RDB_MODULE_SINT = 1,
    RDB_MODULE_UINT = 2,
    RDB_MODULE_FLOAT = 3,
    RDB_MODULE_DOUBLE = 4,
    RDB_MODULE_STRING = 5,
};

struct rdb_code {
    const char *name;
    uint8_t code;
    uint8_t type;  /* of the value, enum value_type; TYPE_NONE for opcodes and modules */
    uint8_t since; /* the first version that has it … */
    uint8_t until; /* … and the last one */
    bool opcode;   /* else the type of a value */
    /*
     * What follows the key, or the opcode that stands before a key; NULL for what is no part of a
     * key's record.  s a string, l a length, f a score as text, 1 4 8 so many bytes, w sixteen
     * bytes; (...) a length and so many times what is in it.
     */
    const char *layout;
};

/*
 * NULL if no file of this version may hold it.  Versions older than the code's first one are given
 * the benefit of the doubt, as Redis gives it.
 */
const struct rdb_code *rdb_code_find(unsigned version, unsigned code);

LK_END

#endif
