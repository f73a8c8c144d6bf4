/* scripts.cc — the tables of written streams. */
#include "tests/support/scripts.h"

#include <sstream>

namespace lk
{

Script script_of(const char *lines)
{
    Script script;
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) {
        Step step;
        if (line.size() > 2 && line[1] == '>') {
            step.conn = line[0] - '0';
            line.erase(0, 2);
        }
        step.args = split_line(line);
        if (!step.args.empty())
            script.push_back(std::move(step));
    }
    return script;
}

const std::vector<TextScript> &text_scripts()
{
    static const std::vector<TextScript> all = {
        {"SetOptions", nullptr, R"(
            SET k v NX
            SET k w NX
            SET k w XX
            SET none w XX
            SET k x GET
            SET none x GET XX
            SET none x GET NX
            SET none y NX GET
            SET k v NX XX
            SET k v KEEPTTL EX 100
            SET k v EX 100 PX 100
            SET k v EX 100 EXAT 10000000000
            SET k v PERSIST
            SET k v EX 1000
            SET k w KEEPTTL
            TTL k
            SET k w
            TTL k
            SET k v EX
            SET k v EX 0
            SET k v PX -1
            SET k v EX 9223372036854775807
            SET k v EX 9223372036854775
            SET k v PX 9223372036854775807
            SET k v EXAT 9223372036854775807
            SET k v PXAT 9223372036854775807
            PEXPIRETIME k
            SET k v EX 1.5
            SET k v EX abc
            SET k v EX " 1"
            SET k v EX +1
            SET k v PXAT 10000000000123
            PEXPIRETIME k
            EXPIRETIME k
            SET k v EXAT 10000000000
            PEXPIRETIME k
            SET k v EXAT 1
            GET k
            SET k v NX PXAT 1
            GET k
            EXISTS k
        )"},
        {"NumbersAndTheirEdges", nullptr, R"(
            INCR n
            INCRBY n 9223372036854775806
            INCR n
            DECRBY n -1
            SET n -9223372036854775808
            DECR n
            DECRBY n 1
            DECRBY n -9223372036854775808
            INCRBY n -9223372036854775808
            INCRBY n 9223372036854775808
            SET n " 1"
            INCR n
            SET n "1 "
            INCR n
            SET n +1
            INCR n
            SET n 01
            INCR n
            SET n -0
            INCR n
            SET n ""
            INCR n
            SET n 1.0
            INCR n
            INCRBY n 1.0
            SET n 10
            INCRBYFLOAT n 0.1
            OBJECT ENCODING n
            INCRBYFLOAT n 5.0e3
            INCRBYFLOAT n -5010.1
            OBJECT ENCODING n
            INCRBYFLOAT n 1e4000
            INCRBYFLOAT n inf
            INCRBYFLOAT n nan
            INCRBYFLOAT n 1e308
            INCRBYFLOAT n 1e308
            GET n
            SET n 3.0e3
            INCRBYFLOAT n 200
            SET n "1.5 "
            INCRBYFLOAT n 1
            SET n 0x10
            INCRBYFLOAT n 1
            INCRBYFLOAT none " 1"
            INCRBYFLOAT none 0.00000000000000001
            INCRBYFLOAT none 17179869184
            SET big 17179869184
            INCRBYFLOAT big 1.5
            SET third 0.333333333333333333
            INCRBYFLOAT third 0.333333333333333333
            SET n 5
            EXPIRE n 1000
            INCR n
            TTL n
            INCRBYFLOAT n 1.5
            TTL n
        )"},
        {"Ranges", nullptr, R"(
            SET s "hello world"
            GETRANGE s 0 -1
            GETRANGE s 0 0
            GETRANGE s -5 -1
            GETRANGE s -1 -5
            GETRANGE s 5 3
            GETRANGE s 100 200
            GETRANGE s -100 3
            GETRANGE s -100 -50
            GETRANGE s 0 9223372036854775807
            GETRANGE s -9223372036854775808 9223372036854775807
            GETRANGE s a 1
            GETRANGE none 0 -1
            SUBSTR s 1 3
            SETRANGE s 6 redis
            GET s
            SETRANGE s 20 x
            GET s
            SETRANGE none 0 ""
            EXISTS none
            SETRANGE none 5 ""
            SETRANGE none 3 abc
            GET none
            SETRANGE s -1 x
            SETRANGE s 536870911 xx
            SETRANGE s 536870912 ""
            SETRANGE s 9223372036854775807 x
            SET i 1234
            SETRANGE i 1 9
            GET i
            OBJECT ENCODING i
            GETRANGE i 1 2
            APPEND i 5
            OBJECT ENCODING i
            STRLEN i
            STRLEN none
            APPEND fresh abc
            OBJECT ENCODING fresh
            APPEND fresh def
            OBJECT ENCODING fresh
            APPEND fresh ""
            SET j 99
            STRLEN j
        )"},
        {"Encodings", nullptr, R"(
            SET k 1
            OBJECT ENCODING k
            SET k 9223372036854775807
            OBJECT ENCODING k
            SET k 9223372036854775808
            OBJECT ENCODING k
            SET k -9223372036854775808
            OBJECT ENCODING k
            SET k 01
            OBJECT ENCODING k
            SET k 12345678901234567890
            OBJECT ENCODING k
            SET k aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            OBJECT ENCODING k
            SET k aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            OBJECT ENCODING k
            MSET k 5 l x
            OBJECT ENCODING k
            GETSET k 6
            OBJECT ENCODING k
            SETEX k 1000 7
            OBJECT ENCODING k
            SETNX m 8
            OBJECT ENCODING m
            COPY m o
            OBJECT ENCODING o
            INCRBYFLOAT p 1.5
            OBJECT ENCODING p
            OBJECT ENCODING none
            OBJECT FREQ k
            OBJECT REFCOUNT none
        )"},
        {"GetexAndGetdel", nullptr, R"(
            SET k v EX 1000
            GETEX k
            TTL k
            GETEX k PERSIST
            TTL k
            GETEX k EX 5000
            TTL k
            GETEX k PX 5000000
            TTL k
            GETEX k EXAT 10000000000
            EXPIRETIME k
            GETEX k PXAT 10000000000123
            PEXPIRETIME k
            GETEX k EX 0
            GETEX k EX -1
            GETEX k EX abc
            GETEX k EX 100 PERSIST
            GETEX k NX
            GETEX k KEEPTTL
            GETEX none EX 0
            GETEX none EX 100
            GETEX k EXAT 1
            EXISTS k
            SET k v
            GETDEL k
            GETDEL k
            GETDEL k x
        )"},
        {"Deadlines", nullptr, R"(
            SET k v
            TTL k
            PTTL none
            EXPIRETIME k
            PEXPIRETIME none
            EXPIRE k 1000 XX
            EXPIRE k 1000 GT
            EXPIRE k 1000 LT
            EXPIRE k 5000 NX
            EXPIRE k 5000 GT
            EXPIRE k 9000 LT
            TTL k
            EXPIRE k 100 GT LT
            EXPIRE k 100 NX XX
            EXPIRE k 100 NX GT
            EXPIRE k 100 XX GT
            EXPIRE k 100 bogus
            EXPIRE none 100
            EXPIRE k abc
            EXPIRE k 9223372036854775807
            EXPIRE k -9223372036854775808
            PEXPIRE k 9223372036854775807
            EXPIREAT k 9223372036854775807
            PEXPIREAT k 9223372036854775807
            PEXPIRETIME k
            PERSIST k
            PERSIST k
            PERSIST none
            EXPIRE k -1
            EXISTS k
            SET k v
            EXPIREAT k 0
            EXISTS k
            SET k v
            PEXPIREAT k 1
            TYPE k
            SET k v
            PEXPIRE k 0 LT
            EXISTS k
            SET k v EX 1000
            EXPIRE k -1 GT
            EXISTS k
            EXPIRE k -1 NX
            EXISTS k
            EXPIRE k -1 LT
            EXISTS k
        )"},
        {"RenameCopyMove", nullptr, R"(
            SET a 1 EX 1000
            RENAME a b
            TTL b
            RENAME a b
            RENAME b b
            RENAMENX b b
            SET c 3
            RENAMENX b c
            RENAMENX b d
            TTL d
            SET e 5
            RENAME d e
            TTL e
            COPY e f
            TTL f
            COPY e f
            COPY e f REPLACE
            COPY e e
            COPY e e DB 0
            COPY e e DB 1
            COPY e e DB 1 REPLACE
            COPY e e DB 16
            COPY e e DB abc
            COPY e x DB
            COPY e x bogus
            COPY none x
            COPY none x REPLACE
            SELECT 1
            TTL e
            MOVE e 0
            MOVE e 1
            MOVE e 16
            MOVE e abc
            MOVE none 0
            RENAME e z
            MOVE z 0
            SELECT 0
            TTL z
            KEYS *
            DBSIZE
        )"},
        {"Databases", nullptr, R"(
            SET a 0
            SELECT 1
            SET a 1
            SET b 1
            SELECT 2
            DBSIZE
            SWAPDB 0 1
            SELECT 0
            GET a
            GET b
            1> GET a
            1> DBSIZE
            SWAPDB 0 0
            SWAPDB 0 16
            SWAPDB 0 abc
            SWAPDB abc 0
            SWAPDB -1 0
            SELECT 15
            SELECT 16
            SELECT -1
            SELECT 01
            SELECT 9223372036854775808
            SELECT 0
            FLUSHDB
            DBSIZE
            SELECT 1
            DBSIZE
            FLUSHALL ASYNC
            DBSIZE
            FLUSHALL SYNC extra
            FLUSHDB bogus
            RANDOMKEY
            SET only 1
            RANDOMKEY
        )"},
        {"ScansAndPatterns", nullptr, R"(
            MSET key:1 a key:2 b key:10 c other d "[x]" e "a\\b" f "" g
            SCAN @all
            SCAN @all COUNT 1
            SCAN @all COUNT 1000
            SCAN @all MATCH key:*
            SCAN @all MATCH key:? COUNT 2
            SCAN @all MATCH ""
            SCAN @all TYPE string
            SCAN @all TYPE STRING
            SCAN @all TYPE zset
            SCAN @all COUNT 0
            SCAN @all COUNT -1
            SCAN @all COUNT abc
            SCAN @all MATCH
            SCAN @all bogus 1
            SCAN abc
            SCAN ""
            SCAN 0 COUNT
            SCAN
            KEYS key:[12]
            KEYS key:[^1]
            KEYS key:[1-9]
            KEYS key:[9-1]
            KEYS "\\[x\\]"
            KEYS "a\\\\b"
            KEYS ?
            KEYS ""
            KEYS *:*
            KEYS k*y*1*
            KEYS a b
        )"},
        {"CommonSubsequence", nullptr, R"(
            MSET x ohmytext y mynewtext empty ""
            LCS x y
            LCS x y LEN
            LCS x y IDX
            LCS x y IDX MINMATCHLEN 4
            LCS x y IDX MINMATCHLEN 4 WITHMATCHLEN
            LCS x y IDX WITHMATCHLEN
            LCS x y WITHMATCHLEN
            LCS x y LEN IDX
            LCS x y MINMATCHLEN
            LCS x y MINMATCHLEN abc
            LCS x y IDX MINMATCHLEN -1
            LCS x y bogus
            LCS x none
            LCS none none IDX
            LCS x empty LEN
            LCS x x IDX
        )"},
        {"Bits", nullptr, R"(
            SETBIT k 7 1
            SETBIT k 7 1
            GETBIT k 7
            GETBIT k 8
            GETBIT k 4294967295
            GETBIT k 4294967296
            GETBIT k -1
            GETBIT k x
            GETBIT none 1
            SETBIT k 0 2
            SETBIT k 0 01
            SETBIT k 0 ""
            SETBIT k x y
            SETBIT k -1 1
            SETBIT k #1 1
            SETBIT k 01 1
            SETBIT k 4294967296 1
            SETBIT none x 1
            EXISTS none
            SETBIT zero 23 0
            STRLEN zero
            GET zero
            SET n 12
            SETBIT n 2 1
            OBJECT ENCODING n
            GET n
            SET e hello
            GETBIT e 1
            OBJECT ENCODING e
            SETBIT e 1 1
            OBJECT ENCODING e
            SETBIT far 4000000 1
            STRLEN far
            BITCOUNT far
            BITPOS far 1
            BITPOS far 0
            SETBIT far 524030 1
            SETBIT far 524031 1
            SETBIT far 524032 1
            SETBIT far 524033 1
            GETRANGE far 65500 65510
            BITCOUNT far 524031 524032 bit
            BITCOUNT far 65503 65504
            BITPOS far 0 524030 524033 bit
            BITPOS far 1 524034 -1 bit
            GETSET far short
            BITCOUNT far
            EXPIRE k 1000
            SETBIT k 1 1
            TTL k
            SETBIT k
            GETBIT k 1 2
        )"},
        {"BitRanges", nullptr, R"(
            SET s foobar
            BITCOUNT s
            BITCOUNT s 0
            BITCOUNT s 0 0
            BITCOUNT s 1 1 BYTE
            BITCOUNT s 5 30 BIT
            BITCOUNT s -5 -1 bit
            BITCOUNT s 0 9223372036854775807
            BITCOUNT s -9223372036854775808 9223372036854775807 BIT
            BITCOUNT s -300 -200
            BITCOUNT s -200 -300
            BITCOUNT s -200 -300 bogus
            BITCOUNT s -2 -300
            BITCOUNT s 5 3
            BITCOUNT s 0 1 bogus
            BITCOUNT s 0 1 BIT bogus
            BITCOUNT s x 1 bogus
            BITCOUNT s 0 x bogus
            BITCOUNT none x y
            BITPOS s 1
            BITPOS s 0
            BITPOS s 2 x
            BITPOS s x x
            BITPOS s 1 1
            BITPOS s 1 -1
            BITPOS s 1 -1 -1 BIT
            BITPOS s 0 -3 -1 BIT
            BITPOS s 1 -200 -300
            BITPOS s 1 -200 -300 BIT
            BITPOS s 1 6
            BITPOS s 0 6
            BITPOS s 0 5 3
            BITPOS s 1 x 1 bogus
            BITPOS s 1 1 x bogus
            BITPOS s 1 1 x BIT
            BITPOS s 1 1 2 BIT x
            BITPOS none 0 x y z
            BITPOS none 1
            SETRANGE z 5 ""
            SETRANGE z 5 "\x00"
            BITPOS z 1
            BITPOS z 1 0 -1
            BITOP NOT o z
            BITPOS o 0
            BITPOS o 0 0
            BITPOS o 0 3
            BITPOS o 0 6
            BITPOS o 0 0 -1
            BITPOS o 0 3 -1 BIT
            SET e ""
            BITPOS e 0
            BITPOS e 0 0 0
            BITCOUNT e 0 0
            SET i 123456
            BITCOUNT i
            BITPOS i 1 2
        )"},
        {"BitOperations", nullptr, R"(
            MSET a foobar b abcdefghijkl n 123 e ""
            BITOP AND d a b
            GET d
            BITOP OR d a b n
            GET d
            BITOP XOR d a b b
            GET d
            BITOP NOT d a
            GET d
            BITOP NOT d a b
            BITOP NOT d
            BITOP nand d a
            BITOP nand d
            BITOP or d a
            OBJECT ENCODING d
            BITOP or d n
            GET d
            OBJECT ENCODING d
            BITOP and d a none
            GET d
            BITOP and d none
            EXISTS d
            BITOP or d e e
            EXISTS d
            BITOP not e e
            EXISTS e
            SET d x EX 1000
            BITOP or d a
            TTL d
            BITOP xor a a a
            GET a
            BITOP not b b
            BITOP not b b
            GET b
            SETBIT big 3000000 1
            SETBIT other 2500000 1
            BITOP or d big other b
            BITCOUNT d
            BITOP and d big other
            STRLEN d
            BITCOUNT d
            BITOP not d other
            BITCOUNT d
            BITPOS d 0
            BITOP xor d d other
            BITPOS d 0
            BITPOS d 0 0 -1
            BITOP and d b big
            GETRANGE d 0 12
            STRLEN d
        )"},
        {"BitFields", nullptr, R"(
            BITFIELD k
            BITFIELD k GET u8 0
            EXISTS k
            BITFIELD k SET u8 0 255 GET u8 0 INCRBY u8 0 1 GET i8 4
            BITFIELD k SET i64 #1 -1 SET u63 3 9223372036854775807
            GET k
            BITFIELD k GET i64 0 GET u63 1 GET u1 #5 GET i5 100000
            BITFIELD k GET u8 4294967295 GET u8 4294967289
            BITFIELD k SET u8 4294967296 1
            BITFIELD k SET i8 0 -9223372036854775808
            BITFIELD k OVERFLOW SAT SET i8 0 -9223372036854775808 GET i8 0
            BITFIELD k OVERFLOW SAT SET i8 0 -129 GET i8 0
            BITFIELD k OVERFLOW SAT SET u8 0 -1 GET u8 0
            BITFIELD k OVERFLOW FAIL SET u8 0 256 SET u8 0 5
            BITFIELD k OVERFLOW FAIL INCRBY u8 0 -6 OVERFLOW WRAP INCRBY u8 0 -6
            BITFIELD k OVERFLOW sat INCRBY i64 0 9223372036854775807 INCRBY i64 0 9223372036854775807
            BITFIELD k OVERFLOW sat INCRBY i64 0 -9223372036854775808 INCRBY i64 0 -9223372036854775808
            BITFIELD k OVERFLOW fail INCRBY u63 0 9223372036854775807 INCRBY u63 0 9223372036854775807
            BITFIELD k OVERFLOW none
            BITFIELD k OVERFLOW
            BITFIELD k GET
            BITFIELD k GET u8
            BITFIELD k SET u8 0
            BITFIELD k INCRBY u8 0
            BITFIELD k bogus u8 0
            BITFIELD k GET u8 0 bogus
            BITFIELD k GET u64 0
            BITFIELD k GET i65 0
            BITFIELD k GET i64 0
            BITFIELD k GET u0 0
            BITFIELD k GET U8 0
            BITFIELD k GET u08 0
            BITFIELD k GET u 0
            BITFIELD k GET "" 0
            BITFIELD k GET x8 x
            BITFIELD k GET u8 x
            BITFIELD k GET u8 -1
            BITFIELD k GET u8 #
            BITFIELD k GET u8 ##1
            BITFIELD k GET u8 #-1
            BITFIELD k GET u8 #536870912
            BITFIELD k GET u8 #2305843009213693952
            BITFIELD k GET u8 #9223372036854775807
            BITFIELD k SET u8 0 x
            BITFIELD k SET x8 0 x
            BITFIELD k SET u8 x x
            BITFIELD new SET u8 0 1 GET x8 0
            EXISTS new
            BITFIELD new OVERFLOW FAIL SET u8 100 256
            STRLEN new
            BITFIELD_RO k GET u8 0 GET u8 #1
            BITFIELD_RO k
            BITFIELD_RO k OVERFLOW SAT
            BITFIELD_RO k SET u8 0 1
            BITFIELD_RO k INCRBY u8 0 x
            BITFIELD_RO k SET u8 0 1 GET x8 0
            BITFIELD_RO none GET u8 0
            SET n 12
            BITFIELD n GET u16 0
            OBJECT ENCODING n
            BITFIELD n INCRBY u8 0 0
            OBJECT ENCODING n
            BITFIELD far SET u63 2096100 1 GET u63 2096100 INCRBY i64 2096128 -1
            STRLEN far
            GETRANGE far 262010 262030
            WATCH k
            1> BITFIELD k SET u8 0 1
            1> BITFIELD k SET u8 0 1
            MULTI
            PING
            EXEC
            WATCH k
            1> BITFIELD k SET u8 0 1
            1> SETBIT k 7 1
            MULTI
            SETBIT k 6 1
            BITCOUNT k
            BITOP NOT k k
            EXEC
        )"},
        {"BitsOfTheWrongType", "rpush", R"(
            RPUSH l a
            SETBIT l x 1
            SETBIT l 1 2
            SETBIT l 1 1
            GETBIT l x
            GETBIT l 1
            BITCOUNT l x
            BITPOS l x
            BITPOS l 2
            BITPOS l 1 x
            BITOP nand d l
            BITOP NOT d l l
            BITOP OR d none l
            BITOP OR l none
            EXISTS l
            RPUSH l a
            SET s v
            BITOP OR l s
            TYPE l
            DEL l
            RPUSH l a
            BITFIELD l
            BITFIELD l GET x8 0
            BITFIELD l GET u8 0
            BITFIELD l SET u8 0 1
            BITFIELD_RO l GET u8 0
            BITFIELD_RO l SET u8 0 1
        )"},
        {"Transactions", nullptr, R"(
            EXEC
            DISCARD
            MULTI
            MULTI
            SET a 1
            INCR a
            GET a
            EXEC
            MULTI
            EXEC
            MULTI
            SET b 1
            DISCARD
            EXISTS b
            MULTI
            SET a x
            INCR a
            SET c 3
            EXEC
            GET c
            MULTI
            nosuchcommand
            SET d 1
            EXEC
            EXISTS d
            MULTI
            GET
            EXEC
            MULTI
            WATCH a
            UNWATCH
            EXEC
            MULTI
            SELECT 3
            SET in3 1
            EXEC
            DBSIZE
            SELECT 0
            MULTI
            PING
            ECHO hello
            RESET
            EXEC
            MULTI
            CLIENT GETNAME
            FLUSHALL
            EXEC
        )"},
        {"Watch", nullptr, R"(
            SET a 1
            WATCH a
            MULTI
            GET a
            EXEC
            WATCH a
            1> SET a 2
            MULTI
            GET a
            EXEC
            WATCH a
            SET a 3
            MULTI
            EXEC
            WATCH a
            1> SET a 3
            MULTI
            EXEC
            WATCH a none
            1> SET none 1
            MULTI
            EXEC
            WATCH a
            1> GET a
            1> TTL a
            MULTI
            PING
            EXEC
            WATCH a
            1> EXPIRE a 1000
            MULTI
            EXEC
            WATCH a
            UNWATCH
            1> SET a 4
            MULTI
            PING
            EXEC
            WATCH a
            1> SET a 5
            MULTI
            DISCARD
            MULTI
            PING
            EXEC
            WATCH gone
            1> DEL gone
            MULTI
            PING
            EXEC
            WATCH a
            1> FLUSHALL
            MULTI
            PING
            EXEC
            WATCH gone
            1> FLUSHALL
            MULTI
            PING
            EXEC
            WATCH a
            1> SELECT 1
            1> SET a 9
            MULTI
            PING
            EXEC
            WATCH a
            1> SWAPDB 0 1
            MULTI
            PING
            EXEC
            SET a 1
            WATCH a
            1> SWAPDB 0 2
            MULTI
            PING
            EXEC
            WATCH p
            1> SELECT 0
            1> SET q 1
            1> RENAME q p
            MULTI
            PING
            EXEC
            WATCH a
            RESET
            1> SET a 7
            MULTI
            PING
            EXEC
        )"},
        {"Sessions", nullptr, R"(
            PING
            PING hello
            PING a b
            ECHO
            CLIENT GETNAME
            CLIENT SETNAME me
            CLIENT GETNAME
            CLIENT SETNAME "not me"
            CLIENT SETNAME ""
            CLIENT GETNAME
            HELLO
            HELLO 3
            CLIENT GETNAME
            GET none
            HELLO 3 SETNAME you
            CLIENT GETNAME
            HELLO 2
            GET none
            HELLO 5
            HELLO abc
            HELLO 3 AUTH default
            HELLO 3 AUTH nobody pw
            GET none
            AUTH pw
            AUTH default pw
            AUTH nobody pw
            RESET
            CLIENT GETNAME
            GET none
            CLIENT nosuch
            CLIENT SETNAME
            CLIENT ID x
            nosuch
            nosuch a b c
            "" a
            SET
            get a b
        )"},
        {"WrongType", "rpush", R"(
            RPUSH l a
            GET l
            SET l v GET
            SET l v NX
            GETSET l v
            APPEND l v
            STRLEN l
            INCR l
            INCRBYFLOAT l 1
            GETRANGE l 0 -1
            SETRANGE l 0 x
            GETDEL l
            GETEX l
            GETEX l EX 0
            MGET l l
            LCS l l
            MSETNX l v
            TYPE l
            SETNX l v
            OBJECT ENCODING l
            EXPIRE l 1000
            COPY l m
            RENAME m n
            MOVE n 1
            SCAN @all TYPE list
            INCR l x
            SET l v
            TTL l
            TYPE l
        )"},
    };
    return all;
}

const std::vector<RawCase> &raw_cases()
{
    const auto repeated = [](char c, size_t n) { return std::string(n, c); };
    static const std::vector<RawCase> all = {
        {"InlineCommand", "PING\r\n", false},
        {"InlineWithoutCarriageReturn", "SET a 1\nGET a\n", false},
        {"InlineQuotes", "SET a \"x\\n\\x41 y\"\r\nGET a\r\nSET b 'it\\'s'\r\nGET b\r\n", false},
        {"InlineSpaces", "   PING   \r\n", false},
        {"InlineEmptyLines", "\r\n\r\n\nPING\r\n", false},
        {"InlineUnbalancedQuotes", "SET a \"x\r\n", true},
        {"InlineTextAfterQuote", "SET a \"x\"y\r\n", true},
        {"InlineTooLong", repeated('a', 70'000), true},
        {"EmptyArray", "*0\r\n*1\r\n$4\r\nPING\r\n", false},
        {"NegativeArray", "*-1\r\n*1\r\n$4\r\nPING\r\n", false},
        {"NegativeArrayOfTen", "*-10\r\n*1\r\n$4\r\nPING\r\n", false},
        {"ArrayNotANumber", "*x\r\n", true},
        {"ArrayEmptyNumber", "*\r\n", true},
        {"ArrayTooLong", "*2147483648\r\n", true},
        {"ArrayHeaderTooLong", "*" + repeated('1', 70'000), true},
        {"BulkMissing", "*1\r\nPING\r\n", true},
        {"BulkWrongMark", "*1\r\n:4\r\nPING\r\n", true},
        {"BulkWrongMarkByte", "*1\r\n\x01\r\n", true},
        {"BulkNegative", "*1\r\n$-1\r\n", true},
        {"BulkNotANumber", "*1\r\n$x\r\n", true},
        {"BulkTooLong", "*1\r\n$536870913\r\n", true},
        {"BulkHeaderTooLong", "*1\r\n$" + repeated('1', 70'000), true},
        {"EmptyCommandName", "*1\r\n$0\r\n\r\n", false},
        {"EmptyArgument", "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", false},
        {"AnswersBeforeTheError", "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n*x\r\n", true},
        {"Quit", "*1\r\n$4\r\nQUIT\r\n", true},
        {"QuitEndsThePipeline", "*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n", true},
        {"QuitInsideMulti", "MULTI\r\nSET a 1\r\nQUIT\r\n", true},
        {"ReplyOff", "CLIENT REPLY OFF\r\nSET a 1\r\nGET a\r\nCLIENT REPLY ON\r\nGET a\r\n", false},
        {"ReplySkip", "CLIENT REPLY SKIP\r\nSET a 1\r\nGET a\r\n", false},
        {"ReplySkipError", "CLIENT REPLY SKIP\r\nnosuch\r\nGET a\r\n", false},
        {"HttpPost", "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", true},
        {"HttpHost", "Host: localhost\r\n", true},
        {"SwitchInPipeline", "HELLO 3 bogus\r\nGET none\r\nRESET\r\nGET none\r\n", false},
    };
    return all;
}

} // namespace lk
