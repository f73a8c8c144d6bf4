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
        {"Places", nullptr, R"(
            GEOADD S 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
            SET str x
            GEOADD S
            GEOADD S 1 2
            GEOADD S NX XX 1 2 a
            GEOADD S NX 1 2
            GEOADD S NX XX 1 2
            GEOADD S a 2 m
            GEOADD S 181 0 m
            GEOADD S 0 86 m
            GEOADD S 180 85.05112878 m
            GEOADD S -180 -85.05112878 n
            GEOADD S 180.00000000000003 0 m
            GEOADD S nan 0 m
            GEOADD S inf 0 m
            GEOADD S 1 2 m 1 x n
            GEOHASH S m n
            GEOPOS S m n
            GEODIST S m n
            GEOADD S CH 1 2 Palermo
            GEOADD S XX CH 1 2 m 3 4 q
            GEOADD S NX CH 1 3 m 3 4 q
            GEOADD S nx ch nx 1 3 m
            GEOADD str 1 2 m
            GEOADD str 1 999 m
            GEOADD S INCR 1 2 m
            GEOADD S 1 2 m 3
            GEOPOS S m n none
            GEOPOS S
            GEOPOS none
            GEOPOS none a b
            GEOPOS str a
            GEOHASH S m n Palermo none
            GEOHASH S
            GEOHASH none a
            GEOHASH str a
            GEODIST S Palermo Catania
            GEODIST S Palermo Catania km
            GEODIST S Palermo Catania FT
            GEODIST S Palermo Catania mi
            GEODIST S Palermo Catania mm
            GEODIST S Palermo Catania m x
            GEODIST none a b mm
            GEODIST none a b
            GEODIST str a b
            GEODIST str a b mm
            GEODIST S a Catania
            GEODIST S a
        )"},
        {"SearchesOfPlaces", nullptr, R"(
            GEOADD S 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 1 2 m 3 4 q
            GEOADD S -180 -85.05112878 n 180 85.05112878 o 12.758489 38.788135 edge
            SET str x
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 200 km
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 200 km WITHDIST WITHCOORD WITHHASH
            GEOSEARCH S WITHDIST WITHHASH FROMLONLAT 15 37 WITHDIST BYRADIUS 200 km
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 700000 ft ASC
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 250 200 mi DESC
            GEOSEARCH S FROMMEMBER o BYRADIUS 1 m
            GEOSEARCH S FROMMEMBER o BYBOX 0 0 m
            GEOSEARCH S FROMMEMBER n BYRADIUS 1 m
            GEOSEARCH S FROMMEMBER Palermo BYRADIUS 0 m
            GEOSEARCH S FROMLONLAT 180 85.05112878 BYRADIUS 10000 km ASC
            GEOSEARCH S FROMLONLAT -180 85.05112878 BYRADIUS 10 km ASC
            GEOSEARCH none FROMLONLAT 15 37 BYRADIUS 200 km x
            GEOSEARCH none FROMLONLAT 15 37 BYRADIUS 200 km
            GEOSEARCH none FROMLONLAT 15 37 BYRADIUS x km
            GEOSEARCH str FROMLONLAT 15 37 BYRADIUS 200 km x
            GEOSEARCH none FROMMEMBER x BYRADIUS 200 km
            GEOSEARCH S FROMMEMBER x BYRADIUS 200 km
            GEOSEARCH S FROMMEMBER x BYRADIUS y mm
            GEOSEARCH S FROMMEMBER x FROMLONLAT 1 2 BYRADIUS 200 km
            GEOSEARCH S FROMMEMBER m FROMLONLAT 1 2 BYRADIUS 200 km
            GEOSEARCH S FROMMEMBER m FROMMEMBER Palermo BYRADIUS 200 km
            GEOSEARCH none FROMMEMBER x FROMMEMBER y BYRADIUS 200 km
            GEOSEARCH none FROMMEMBER x FROMLONLAT 1 2 BYRADIUS 200 km
            GEOSEARCH S FROMLONLAT 15 37 FROMMEMBER m BYRADIUS 200 km
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 200 km BYBOX 1 1 km
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 1 1 km BYRADIUS 200 km
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 1 1 km BYBOX 400 400 km
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 1 km BYRADIUS 200 km
            GEOSEARCH S FROMLONLAT 15 37 FROMLONLAT 1 2 BYRADIUS 200 km
            GEOSEARCH S FROMLONLAT 15 37 COUNT 1 ASC
            GEOSEARCH S BYRADIUS 200 km COUNT 1 ASC
            GEOSEARCH S WITHDIST COUNT 1 ASC ANY
            geosearch S withdist BYRADIUS 200 km BYRADIUS 200 km
            GeoSearch S withdist BYRADIUS 200 km COUNT 1
            GeoSearch S FROMMEMBER m ASC ASC COUNT 1
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 200 mm
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS -1 km
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS -0 km
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS x km
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS nan km
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS inf km
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 1e308 km ASC
            GEOSEARCH S FROMLONLAT 15 37 BYBOX inf inf km DESC
            GEOSEARCH S FROMLONLAT 15 37 BYBOX inf 100 km
            GEOSEARCH S FROMLONLAT 15 37 BYBOX x 1 km
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 1 x km
            GEOSEARCH S FROMLONLAT 15 37 BYBOX -1 1 km
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 1 -1 km
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 1 1 mm
            GEOSEARCH S FROMLONLAT 15 37 BYBOX -1 1 mm
            GEOSEARCH S FROMLONLAT 15 x BYBOX 1 1 km
            GEOSEARCH S FROMLONLAT 185 1 BYBOX 1 1 km
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 1 1 km COUNT
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 1 1 km COUNT 0
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 1 1 km COUNT -1
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 1 1 km COUNT x
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 5000 km COUNT 9223372036854775807
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 5000 km COUNT 9223372036854775808
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 1 1 km ANY
            GEOSEARCH none FROMLONLAT 15 37 BYBOX 1 1 km ANY
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 5000 5000 km COUNT 1 ANY
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 5000 5000 km ANY COUNT 2 DESC
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 5000 km COUNT 2
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 5000 km COUNT 2 DESC
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 5000 km COUNT 1 COUNT 3
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 1 1 km STOREDIST
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 1 1 km STORE x
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 200 km ASC DESC
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 200 km DESC ASC
            GEOSEARCH S FROMLONLAT 15 37 BYRADIUS 200
            GEOSEARCH S FROMMEMBER Palermo BYRADIUS 200
            GEOSEARCH S FROMLONLAT 15 37 BYBOX 200 1
            GEOSEARCH S FROMMEMBER
            GEOSEARCH S BYRADIUS 1 km COUNT 1 FROMMEMBER
        )"},
        {"OlderSearchesOfPlaces", nullptr, R"(
            GEOADD S 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 1 2 m 3 4 q
            SET str x
            GEORADIUS S 15 37 200 km
            GEORADIUS S 15 37 200 km WITHDIST STORE a
            GEORADIUS S 15 37 200 km STORE a STOREDIST b
            GEOHASH a Catania
            DEBUG DIGEST-VALUE a b S
            GEORADIUS S 15 37 200 km STORE a STORE c
            DEBUG DIGEST-VALUE a b c
            GEORADIUS S 15 37 200 km STORE
            GEORADIUS S 15 37 200 km COUNT STORE
            GEORADIUS S 15 37 200 km STORE STORE
            EXISTS STORE
            GEORADIUS S 15 37 200 km STOREDIST str
            DEBUG DIGEST-VALUE str
            GEORADIUS S 15 37 0 km STOREDIST str
            EXISTS str
            GEORADIUS S 15 37 5000 mi COUNT 2 DESC STOREDIST S
            DEBUG DIGEST-VALUE S
            GEOADD S 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 1 2 m 3 4 q
            GEORADIUS_RO S 15 37 200 km STORE a
            GEORADIUS_RO S 15 37 200 km STOREDIST a
            GEORADIUS_RO S 15 37 200 km DESC
            GEORADIUS_RO S 15 37 5000 km COUNT 3 ANY WITHDIST
            GEORADIUSBYMEMBER S Palermo 200 km
            GEORADIUSBYMEMBER S x 200 km
            GEORADIUSBYMEMBER none x 200 km
            GEORADIUSBYMEMBER none x 200 km STORE b
            EXISTS b
            GEORADIUSBYMEMBER none x y km STORE b
            GEORADIUSBYMEMBER none x 1 mm STORE b
            GEORADIUSBYMEMBER none x 1 mm STORE b WITHDIST
            GEORADIUSBYMEMBER S x y km
            GEORADIUSBYMEMBER S Palermo y km
            GEORADIUSBYMEMBER S Palermo 10 km STORE Palermo STOREDIST S
            DEBUG DIGEST-VALUE S
            GEORADIUSBYMEMBER_RO S Palermo 200 km STORE b
            GEORADIUSBYMEMBER_RO S Palermo 200 km WITHCOORD
            GEORADIUS S 1 2 3
            GEORADIUS S 1 2 3 km FROMMEMBER Palermo
            GEORADIUS S 1 2 3 km BYRADIUS 1 km
            GEORADIUS S x 2 3 km
            GEORADIUS none 500 2 3 km
            GEORADIUS none 50 2 x km
            GEORADIUS none 50 2 1 km ANY
            GEOADD S 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 1 2 m 3 4 q
            GEOSEARCHSTORE d S FROMLONLAT 15 37 BYRADIUS 200 km
            DEBUG DIGEST-VALUE d
            GEOSEARCHSTORE d S FROMLONLAT 15 37 BYRADIUS 200 km WITHDIST
            GEOSEARCHSTORE d S FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST
            DEBUG DIGEST-VALUE d
            GEOSEARCHSTORE d S FROMLONLAT 15 37 BYRADIUS 200 km STORE x
            GEOSEARCHSTORE d S BYRADIUS 200 km COUNT 1 ASC
            GEOSEARCHSTORE d S FROMLONLAT 1 1 COUNT 1 ASC
            GEOSEARCHSTORE d S WITHDIST COUNT 1 ASC ASC
            GEOSEARCHSTORE d none FROMLONLAT 1 1 BYBOX 1 1 km
            EXISTS d
            GEOSEARCHSTORE d d FROMLONLAT 1 1 BYBOX 1 1 km
            SET d x
            GEOSEARCHSTORE d d FROMLONLAT 1 1 BYBOX 1 1 km
            GEOSEARCHSTORE S S FROMMEMBER Palermo BYBOX 400 400 km STOREDIST
            DEBUG DIGEST-VALUE S
            COMMAND GETKEYS GEORADIUS S 1 2 3 km STOREDIST a STORE b
            COMMAND GETKEYS GEORADIUS S 1 2 3 km STORE a STOREDIST
            COMMAND GETKEYS GEORADIUSBYMEMBER S STORE STORE km STORE a
            COMMAND GETKEYS GEORADIUSBYMEMBER S STORE b km
            COMMAND GETKEYS GEORADIUS S 1 2 3 STORE b
            COMMAND GETKEYSANDFLAGS GEORADIUS S 1 2 3 km store S
        )"},
        {"PlacesOfAnyScore", "ZADD", R"(
            ZADD z 0 zero 0.5 half -0.5 minushalf -1 minus -4503599627370496 far 4503599627370496 over
            ZADD z 9007199254740992 more 1e18 large 9.3e18 larger 1e19 toolarge 1e300 huge
            ZADD z inf inf -inf minusinf 3479099956230698 Palermo 3479099956230698.5 beside
            ZADD z -9.3e18 deep 18446744073709551615 top 13510798882111488 corner
            GEOPOS z zero half minushalf minus far over more large larger toolarge huge inf minusinf
            GEOPOS z Palermo beside deep top corner
            GEOHASH z zero half minushalf minus far over more large larger toolarge huge inf minusinf
            GEOHASH z Palermo beside deep top corner
            GEODIST z minus large
            GEODIST z huge minusinf km
            GEOSEARCH z FROMMEMBER Palermo BYRADIUS 10 m WITHHASH WITHDIST
            GEOSEARCH z FROMMEMBER minus BYRADIUS 10 km WITHHASH WITHDIST
            GEOSEARCH z FROMMEMBER zero BYRADIUS 10 km WITHHASH WITHDIST
            GEOSEARCH z FROMMEMBER corner BYRADIUS 10 km WITHHASH WITHDIST
            GEOSEARCH z FROMMEMBER over BYBOX 10 10 km WITHHASH WITHDIST
            GEOSEARCH z FROMMEMBER inf BYBOX 10 10 km WITHHASH WITHDIST
            GEOSEARCH z FROMLONLAT 0 0 BYRADIUS 30000 km WITHHASH
            GEOSEARCHSTORE d z FROMMEMBER Palermo BYRADIUS 100 km
            ZRANGE d 0 -1 WITHSCORES
            GEOSEARCHSTORE d z FROMLONLAT 13 38 BYRADIUS 100 km STOREDIST
            ZRANGE d 0 -1 WITHSCORES
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
