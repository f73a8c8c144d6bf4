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
        {"Hashes", nullptr, R"(
            HSET h a 1 b 2 c 3
            HSET h a 2 d 4
            HSET h a
            HSET h a 1 b
            HMSET h a 1 e 5
            HMSET h a
            HSETNX h a 7
            HSETNX h f 6
            HGETALL h
            HKEYS h
            HVALS h
            HMGET h a none f
            HMGET none a b
            HSTRLEN h a
            HSTRLEN h none
            HEXISTS h a
            HEXISTS h none
            HDEL h none
            HDEL h a b none a
            HLEN h
            HLEN none
            HGETALL none
            HKEYS none
            HRANDFIELD none
            HRANDFIELD none 2
            HRANDFIELD none -2 WITHVALUES
            HRANDFIELD h 2 NOVALUES
            HRANDFIELD h 2 WITHVALUES x
            HRANDFIELD h 100
            HRANDFIELD h 100 WITHVALUES
            HRANDFIELD h -100 WITHVALUES
            HRANDFIELD h 4611686018427387904 WITHVALUES
            HRANDFIELD h -4611686018427387904 WITHVALUES
            HRANDFIELD h -9223372036854775808
            HSCAN h @all
            HSCAN h @all MATCH [ab]
            HSCAN h 0 COUNT 0
            HSCAN none 0 COUNT 0
            HSCAN h x
            HSCAN none x
            DEBUG DIGEST-VALUE h
            COPY h i
            DEBUG DIGEST-VALUE h i
            DEBUG DIGEST
            EXPIRE h 1000
            HSET h z 1
            TTL h
            RENAME h j
            HGETALL j
            HDEL j c d e f z
            EXISTS j
        )"},
        {"HashEncodings", nullptr, R"(
            CONFIG SET hash-max-listpack-entries 3 hash-max-listpack-value 8
            HSET h a 1 b 2 c 3
            OBJECT ENCODING h
            HSET h c 4
            OBJECT ENCODING h
            HSET h d 4
            OBJECT ENCODING h
            HDEL h a b c
            OBJECT ENCODING h
            HSET i a 12345678
            OBJECT ENCODING i
            HSET i a 123456789
            OBJECT ENCODING i
            HSET j 123456789 a
            OBJECT ENCODING j
            HSET k a 1 a 1 a 1 a 1 a 1
            OBJECT ENCODING k
            HSETNX k a 123456789
            OBJECT ENCODING k
            HINCRBY l 123456789 1
            OBJECT ENCODING l
            HINCRBY m a 123456789
            OBJECT ENCODING m
            HINCRBYFLOAT n a 0.12345678
            OBJECT ENCODING n
            COPY h o
            OBJECT ENCODING o
            DEBUG DIGEST-VALUE h i j k l m n o
            CONFIG SET hash-max-listpack-entries 512 hash-max-listpack-value 64
            HSET h e 5
            OBJECT ENCODING h
            DEBUG DIGEST
        )"},
        {"HashNumbers", nullptr, R"(
            HINCRBY h n 5
            HINCRBY h n -7
            HINCRBY h n x
            HINCRBY h n 1.5
            HINCRBY h n 9223372036854775807
            HINCRBY h n 9
            HINCRBY h n -9223372036854775808
            HINCRBY h n -9223372036854775808
            HSET h t abc
            HINCRBY h t 1
            HINCRBYFLOAT h t 1
            HSET h t " 1"
            HINCRBY h t 1
            HINCRBYFLOAT h t 1
            HSET h t ""
            HINCRBY h t 1
            HINCRBYFLOAT h t 1
            HSET h t 3.0e3
            HINCRBYFLOAT h t 200
            HINCRBYFLOAT h t 0.1
            HINCRBYFLOAT h t -5000.1
            HINCRBYFLOAT h t inf
            HINCRBYFLOAT h t -inf
            HINCRBYFLOAT h t nan
            HINCRBYFLOAT h t x
            HINCRBYFLOAT h t 1e308
            HINCRBYFLOAT h t 1e4000
            HINCRBYFLOAT h f 1.7976931348623157e308
            HSTRLEN h f
            HSET h i inf
            HINCRBYFLOAT h i 1
            SET s x
            HINCRBY s a x
            HINCRBY s a 1
            HINCRBYFLOAT s a x
            HINCRBYFLOAT s a inf
            HINCRBYFLOAT s a 1
            HSET s a 1
            HSET s a 1 b
            HGETALL s
            HSCAN s 0 bogus
            HRANDFIELD s 0
            HRANDFIELD s -9223372036854775808
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
        {"SortedSetScores", "ZADD", R"(
            ZADD z 0.1 a -0 b inf c -inf d 1e20 e 1e-7 f
            ZADD z 123456789012345678 g 3.0 h 4611686018427387904 i
            ZRANGE z 0 -1 WITHSCORES
            ZMSCORE z a b c d e f g h i none
            ZINCRBY z 0.2 a
            ZINCRBY z 1e308 e
            ZINCRBY z 1e308 e
            ZINCRBY z 1.7e308 e
            ZINCRBY z -inf c
            ZADD z INCR -0 b
            ZADD z 1e400 x
            ZADD z 0x1p3 hex
            ZADD z 1_000 x
            ZADD z " 5" x
            ZADD z nan x
            ZADD z infinity x
            ZADD z -Infinity y
            ZRANGE z 0 -1 WITHSCORES
            ZRANGEBYSCORE z -inf (inf
            ZRANGEBYSCORE z (-inf inf
            ZCOUNT z "" ""
            ZCOUNT z ( (
            ZCOUNT z (x 1
            ZCOUNT z "1 " 2
            ZCOUNT z 0x1 0x10
            ZCOUNT z -1e400 1e400
            ZRANK z b
            ZREVRANK z b
        )"},
        {"SortedSetsGrow", "ZADD", R"(
            CONFIG SET zset-max-listpack-entries 4 zset-max-listpack-value 5
            ZADD z 1 a 1 b 1 c 1 d
            OBJECT ENCODING z
            ZADD z 2 a 2 b
            OBJECT ENCODING z
            ZADD z XX 1 e
            OBJECT ENCODING z
            ZADD z 1 e
            OBJECT ENCODING z
            ZREM z a b c d
            OBJECT ENCODING z
            ZRANGE z 0 -1 WITHSCORES
            ZADD v 1 12345
            OBJECT ENCODING v
            ZADD v 1 123456
            OBJECT ENCODING v
            ZADD first 1 123456
            OBJECT ENCODING first
            ZRANGESTORE s z 0 -1
            OBJECT ENCODING s
            ZRANGESTORE s v 0 -1
            OBJECT ENCODING s
            ZUNIONSTORE s 2 z first
            OBJECT ENCODING s
            ZADD many 1 1 2 2 3 3 4 4 5 5
            ZINTERSTORE s 1 many
            OBJECT ENCODING s
            ZREMRANGEBYRANK many 0 0
            ZDIFFSTORE s 1 many
            OBJECT ENCODING s
            ZRANGEBYSCORE s 2 4
            COPY many other
            ZADD many 9 0
            ZRANGE other 0 -1
            ZRANGE many 0 -1
            CONFIG SET zset-max-listpack-entries 0
            ZADD zero 1 a
            OBJECT ENCODING zero
            ZUNIONSTORE zero 1 zero
            OBJECT ENCODING zero
            CONFIG SET zset-max-listpack-entries 128 zset-max-listpack-value 64
        )"},
        {"SortedSetsOfEqualScores", "ZADD", R"(
            ZADD z 0 b 0 a 0 "" 0 10 0 9 0 ab 0 A 0 "\xff" 0 aa
            ZRANGE z 0 -1
            ZRANGEBYLEX z - +
            ZRANGEBYLEX z [a (b
            ZRANGEBYLEX z (a [b LIMIT 1 1
            ZRANGEBYLEX z ( [
            ZRANGEBYLEX z [ (
            ZRANGEBYLEX z + -
            ZREVRANGEBYLEX z + -
            ZREVRANGEBYLEX z [b [a LIMIT 0 2
            ZLEXCOUNT z - +
            ZLEXCOUNT z [9 [9
            ZLEXCOUNT z (9 (9
            ZLEXCOUNT z - -
            ZLEXCOUNT z + +
            ZLEXCOUNT z 9 [9
            ZRANK z 9
            ZREMRANGEBYLEX z [1 (a
            ZRANGE z 0 -1
            ZRANGE z [b - BYLEX REV LIMIT 1 -1
            ZRANGE z - + BYLEX WITHSCORES
            ZRANGESTORE lex z - [b BYLEX
            ZRANGE lex 0 -1 WITHSCORES
        )"},
        {"SortedSetRangesByRank", "ZADD", R"(
            ZADD z 1 a 2 b 3 c 4 d 5 e
            ZRANGE z 0 0
            ZRANGE z -1 -1
            ZRANGE z -100 100
            ZRANGE z 4 2
            ZRANGE z 5 9
            ZRANGE z -9223372036854775808 9223372036854775807
            ZRANGE z 0 -1 REV
            ZRANGE z 0 -1 REV REV WITHSCORES WITHSCORES
            ZREVRANGE z 1 2 WITHSCORES
            ZREVRANGE z 1 2 LIMIT 0 -1
            ZREVRANGE z 1 2 REV
            ZRANGE z 0 -1 LIMIT 1 2
            ZRANGE z 0 -1 LIMIT 1 -1
            ZRANGE z 1 3 BYSCORE BYLEX
            ZRANGE z [a [b BYSCORE BYLEX
            ZRANGE z 1 3 BYSCORE LIMIT 1
            ZRANGE z 1 3 BYSCORE LIMIT 9223372036854775807 1
            ZRANGE z 1 3 BYSCORE LIMIT 0 9223372036854775807
            ZREMRANGEBYRANK z -2 -1
            ZREMRANGEBYRANK z 1 0
            ZREMRANGEBYRANK z 0 x
            ZRANGE z 0 -1
            ZREMRANGEBYRANK z 0 -1
            EXISTS z
            ZREMRANGEBYRANK z 0 -1
        )"},
        {"SortedSetsPop", "ZADD", R"(
            ZADD z 1 a 1 b 2 c 3 d 3 e
            ZPOPMIN z
            ZPOPMAX z
            ZPOPMAX z 2
            ZPOPMIN z 100
            EXISTS z
            ZPOPMIN z
            ZADD z 1 a 1 b 2 c 3 d 3 e
            ZMPOP 3 none z none MIN COUNT 2
            ZMPOP 1 z MAX
            BZMPOP 0 2 none z MAX COUNT 10
            ZMPOP 1 z MAX
            ZADD z 1 a 1 b
            BZPOPMAX none z 0
            BZPOPMIN none z 0
            BZPOPMIN none z 0.001
            BZMPOP 0.001 2 none z MIN
            MULTI
            BZPOPMIN none 0
            BZMPOP 0 1 none MIN
            ZADD z 1 a
            BZPOPMIN none z 0
            EXEC
            SET s x
            BZPOPMIN none s 1
            BZMPOP 1 2 none s MIN
            ZMPOP 2 s z MIN
        )"},
        {"SortedSetAlgebra", "ZADD", R"(
            ZADD a 1 x 2 y inf p -inf q 3 z
            ZADD b 10 y -inf p -inf q 5 w
            ZUNION 2 a b WITHSCORES
            ZUNION 2 b a WITHSCORES AGGREGATE MIN
            ZUNION 3 a b a WITHSCORES AGGREGATE MAX WEIGHTS 1 2 3
            ZUNION 2 a b WEIGHTS 0 0 WITHSCORES
            ZINTER 2 a b WITHSCORES
            ZINTER 2 a b WITHSCORES WEIGHTS 0 0
            ZINTER 2 a b WITHSCORES WEIGHTS 0 1 AGGREGATE MIN
            ZINTER 2 a a WITHSCORES
            ZDIFF 2 a b WITHSCORES
            ZDIFF 2 b a WITHSCORES
            ZDIFF 1 a
            ZDIFF 2 a a
            ZUNIONSTORE a 2 a b
            ZRANGE a 0 -1 WITHSCORES
            ZINTERSTORE a 2 a b
            ZRANGE a 0 -1 WITHSCORES
            ZDIFFSTORE b 2 b a
            ZRANGE b 0 -1 WITHSCORES
            ZDIFFSTORE b 2 b b
            EXISTS b
            ZINTERSTORE a 2 a none
            EXISTS a
            ZUNIONSTORE out 2 none none
            EXISTS out
            SET s x
            ZUNIONSTORE s 1 none
            EXISTS s
            SET s x
            ZUNION 2 none s
            ZDIFF 2 none s
            ZINTERCARD 2 none s
            ZADD a 1 x 2 y 3 z
            ZINTERCARD 1 a LIMIT 2
            ZINTERCARD 1 a LIMIT 0
            ZINTERCARD 1 a LIMIT 10
            ZINTERCARD 1 a LIMIT -1
            ZINTERCARD 1 a LIMIT 1 LIMIT 2
            ZUNION 1 a WEIGHTS 1 WEIGHTS 2 AGGREGATE MIN AGGREGATE SUM WITHSCORES
            ZUNION 9223372036854775808 a
            ZUNION -1 a
        )"},
        {"SortedSetMembersAtRandom", "ZADD", R"(
            ZRANDMEMBER z
            ZRANDMEMBER z 3
            ZRANDMEMBER z -3 WITHSCORES
            ZADD z 1 a
            ZRANDMEMBER z
            ZRANDMEMBER z 3 WITHSCORES
            ZRANDMEMBER z -3 WITHSCORES
            ZRANDMEMBER z 0
            ZRANDMEMBER z 9223372036854775807
            ZRANDMEMBER z -9223372036854775808
            ZRANDMEMBER z 9223372036854775807 WITHSCORES
            ZRANDMEMBER z 1 BOGUS
            ZRANDMEMBER z 1 WITHSCORES 1
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
