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
            GEOADD meridian 180 -63.986392 a 180 10 b -180 20.5 c
            GEORADIUS meridian 180 -0.0026 9000 km STOREDIST d
            ZRANGE d 0 -1 WITHSCORES
            GEOSEARCHSTORE d meridian FROMMEMBER c BYBOX 1 5000 km STOREDIST
            ZRANGE d 0 -1 WITHSCORES
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
        {"SetMembers", nullptr, R"(
            SADD s 1 2 3 2
            SADD s 3
            SADD s
            SCARD s
            SMEMBERS s
            SISMEMBER s 1
            SISMEMBER s 01
            SISMEMBER none 1
            SMISMEMBER s 1 x 2 01
            SMISMEMBER none 1 2
            SMISMEMBER s
            SREM s 1 x
            SREM s x
            SREM none x
            SREM s
            SCARD none
            SMEMBERS none
            SADD s a "" "b c" 007
            SMEMBERS s
            SREM s 2 3 a "" "b c"
            SMEMBERS s
            SREM s 007
            EXISTS s
            SET str v
            SADD str a
            SREM str a
            SCARD str
            SMEMBERS str
            SISMEMBER str a
            SMISMEMBER str a
            SSCAN str 0
            SPOP str
            SPOP str 0
            SRANDMEMBER str
            SRANDMEMBER str 2
            SMOVE str s a
            SINTER str
            SUNION none str
            SDIFF none str
            SINTERCARD 1 str
            SINTERSTORE d str
            TYPE str
            SADD t a
            TYPE t
            EXPIRE t 1000
            SADD t b
            TTL t
            SREM t a b
            SADD t a
            TTL t
        )"},
        {"SetMoves", nullptr, R"(
            SADD a 1 2 3
            SADD b 3 4
            SMOVE a b 1
            SMOVE a b 1
            SMOVE a b 3
            SMOVE a a 2
            SMOVE a a x
            SMOVE none b 1
            SMOVE none none 1
            SMEMBERS a
            SMEMBERS b
            SMOVE a new 2
            EXISTS a
            SMEMBERS new
            SET str v
            SMOVE none str 1
            SMOVE b str 4
            SMOVE b str x
            SMOVE str b 4
            SMEMBERS b
        )"},
        {"SetAlgebra", nullptr, R"(
            SADD a 1 2 3 4 x
            SADD b 3 4 5 x
            SADD c 4 x y
            SINTER a
            SINTER a b
            SINTER a b c
            SINTER a none
            SINTER none a
            SINTER
            SUNION a
            SUNION a b c
            SUNION none
            SUNION none a
            SUNION a a
            SDIFF a
            SDIFF a b
            SDIFF a b c
            SDIFF a a
            SDIFF none a
            SDIFF a none
            SINTERSTORE d a b
            SMEMBERS d
            EXPIRE d 1000
            SUNIONSTORE d a b c
            TTL d
            SMEMBERS d
            SDIFFSTORE d a b
            SMEMBERS d
            SDIFFSTORE d d a
            EXISTS d
            SINTERSTORE d none a
            SUNIONSTORE d none
            SADD d old
            SUNIONSTORE d none none
            EXISTS d
            SET d v
            SINTERSTORE d a b
            TYPE d
            SINTERSTORE a a b
            SMEMBERS a
            SUNIONSTORE b b b
            SMEMBERS b
            SDIFFSTORE d
            SINTERSTORE d
            SET str v
            SINTER none str
            SINTER str none
            SINTERSTORE b none str
            SMEMBERS b
        )"},
        {"SetIntersectionCounts", nullptr, R"(
            SADD a 1 2 3 4
            SADD b 2 3 4 5
            SET str v
            SINTERCARD 1 a
            SINTERCARD 2 a b
            SINTERCARD 2 a none
            SINTERCARD 2 a b LIMIT 2
            SINTERCARD 2 a b LIMIT 0
            SINTERCARD 2 a b LIMIT 100
            SINTERCARD 2 a b limit 2 LIMIT 1
            SINTERCARD 2 a b LIMIT -1
            SINTERCARD 2 a b LIMIT x
            SINTERCARD 2 a b LIMIT
            SINTERCARD 2 a b bogus
            SINTERCARD 0 a
            SINTERCARD -1 a
            SINTERCARD x a
            SINTERCARD 3 a b
            SINTERCARD 9223372036854775807 a b
            SINTERCARD 9223372036854775808 a b
            SINTERCARD 2
            SINTERCARD 2 none str
            SINTERCARD 1 none BOGUS
            SINTERCARD 2 str none LIMIT -1
        )"},
        {"SetsAtRandom", nullptr, R"(
            SADD s a
            SRANDMEMBER s
            SRANDMEMBER s 5
            SRANDMEMBER s -3
            SRANDMEMBER s 0
            SRANDMEMBER s 9223372036854775807
            SRANDMEMBER s 9223372036854775808
            SRANDMEMBER s -9223372036854775808
            SRANDMEMBER s x
            SRANDMEMBER s 1 2
            SRANDMEMBER none
            SRANDMEMBER none 2
            SRANDMEMBER none -2
            SRANDMEMBER none x
            SPOP s 0
            SPOP s -1
            SPOP s x
            SPOP s 1 2
            SPOP s 9223372036854775808
            SPOP none
            SPOP none 2
            SPOP none -1
            SPOP s
            EXISTS s
            SADD s a b c
            SPOP s 3
            EXISTS s
            SADD s a b c
            SPOP s 100
            SPOP s 100
            SADD s 1 2 3
            EXPIRE s 100
            SRANDMEMBER s 3
            SPOP s 9223372036854775807
            TTL s
            SET str v
            SRANDMEMBER str x
            SPOP str x
            SPOP str 1 2
        )"},
        {"SetScans", nullptr, R"(
            SADD s 1 2 3 a b
            SSCAN s 0
            SSCAN s 100
            SSCAN s 0 COUNT 1
            SSCAN s 0 MATCH [ab]
            SSCAN s 0 MATCH x* COUNT 100
            SSCAN s @all COUNT 2
            SSCAN s x
            SSCAN s -1
            SSCAN s 0 COUNT 0
            SSCAN s 0 COUNT x
            SSCAN s 0 COUNT
            SSCAN s 0 MATCH
            SSCAN s 0 TYPE set
            SSCAN s 0 NOVALUES
            SSCAN none 0
            SSCAN none 0 BOGUS
            SSCAN none x BOGUS
            SSCAN s
            SET str v
            SSCAN str x
            SSCAN str 0 BOGUS
        )"},
        {"SetEncodings", nullptr, R"(
            SADD i 1 2 3
            OBJECT ENCODING i
            SADD i a
            OBJECT ENCODING i
            SREM i a
            OBJECT ENCODING i
            SADD big 9223372036854775807 -9223372036854775808
            OBJECT ENCODING big
            SADD big 9223372036854775808
            OBJECT ENCODING big
            CONFIG SET set-max-intset-entries 4
            SADD j 1 2 3 4
            OBJECT ENCODING j
            SADD j 5
            OBJECT ENCODING j
            SREM j 5
            OBJECT ENCODING j
            SINTERSTORE k j j
            OBJECT ENCODING k
            SUNIONSTORE k j i
            OBJECT ENCODING k
            COPY j l
            OBJECT ENCODING l
            CONFIG SET set-max-intset-entries 512
            SINTERSTORE k j j
            OBJECT ENCODING k
        )"},
        {"SortedNumbers", nullptr, R"(
            SADD s 3 1 2 10 -5 2.5
            SORT s
            SORT s DESC
            SORT s ASC DESC
            SORT s desc asc
            SORT s LIMIT 1 2
            SORT s LIMIT -1 2
            SORT s LIMIT 1 -1
            SORT s LIMIT 1 -5
            SORT s LIMIT 5 2
            SORT s LIMIT 6 2
            SORT s LIMIT 100 2
            SORT s LIMIT 0 0
            SORT s DESC LIMIT 1 3
            SORT s LIMIT 9223372036854775807 9223372036854775807
            SORT s LIMIT 0 9223372036854775808
            SORT s LIMIT x 1
            SORT s LIMIT 1 x
            SORT s LIMIT 1
            SORT s LIMIT 1 1 LIMIT 0 2
            SORT s BOGUS
            SORT s BY
            SORT s GET
            SORT s STORE
            SORT s ALPHA
            SORT s ALPHA DESC
            SORT s ALPHA LIMIT 1 3
            SORT none
            SORT none BOGUS
            SORT none LIMIT x 1
            SORT none STORE none
            SORT_RO s
            SORT_RO s DESC LIMIT 0 2 ALPHA
            SORT_RO s STORE d
            SORT_RO none
            SORT
            SET str v
            SORT str
            SORT str BOGUS
            SORT_RO str ALPHA
            SADD odd "" " 1" 0x10 inf -inf -0 0 0.0 00 1e3 1.0 1 +1
            SORT odd
            SORT odd DESC
            SORT odd LIMIT 3 4
            SORT odd ALPHA
            SADD odd "1 "
            SORT odd
            SORT odd ALPHA DESC
            SADD n nan
            SORT n
            SADD w a b 1
            SORT w
            SORT w LIMIT 0 0
            SORT w ALPHA
            SORT w STORE str
            TYPE str
            SADD l 9007199254740993 9007199254740992 9007199254740994 9223372036854775807
            SORT l
            SORT l DESC LIMIT 0 2
        )"},
        {"SortedByOthers", nullptr, R"(
            SADD s 1 2 3 10
            MSET w_3 1 w_1 2 w_2 3 w_10 0 v_1 one v_2 two v_10 ten {t}1 x
            SORT s BY w_*
            SORT s BY w_* DESC
            SORT s BY w_* LIMIT 1 2
            SORT s BY w_* LIMIT 1 2 DESC
            SORT s BY w_* GET v_*
            SORT s BY w_* GET # GET v_* GET none_* GET nostar
            SORT s GET v_* GET w_* DESC LIMIT 0 3
            SORT s GET *
            SORT s GET ""
            SORT s BY w_*x
            SORT s BY none_*
            SORT s BY none_* DESC
            SORT s BY v_*
            SORT s BY v_* ALPHA LIMIT 0 1
            SORT s BY w_* BY none_*
            SORT s BY * GET *
            SORT s GET w_* ALPHA
            SORT_RO s BY w_* GET #
            SORT s BY w_*->f
            SORT s BY w_*-> GET w_*->
            SORT s BY w_*->f GET w_*->f
            DEL w_3
            SORT s BY w_*
            SET w_3 x
            SORT s BY w_*
            SORT s BY w_* ALPHA LIMIT 0 2
            SORT s BY w_* ALPHA DESC LIMIT 0 2
            APPEND w_3 y
            SORT s GET w_*
            MULTI
            SORT s GET w_*
            SORT s DESC
            GET w_1
            EXEC
            WATCH w_1
            MULTI
            SET w_1 100
            SORT s GET w_*
            EXEC
        )"},
        {"SortedByFields", "hset", R"(
            SADD s 1 2 3
            HSET h_3 f 30 g x
            HSET h_1 f 40
            HSET h_2 f 20 -> y
            SORT s BY h_*->f
            SORT s BY h_*->f DESC GET h_*->f GET h_*->g GET h_*
            SORT s BY h_*->g ALPHA LIMIT 2 1
            SORT s BY h_*->none
            SORT s BY h_*-> GET h_*->
            SORT s GET h_*->->
            SORT s BY h_*->f->
            SET h_1 string
            SORT s BY h_*->f GET h_*->f GET h_*
            HSET h_2 f x
            SORT s BY h_*->f
        )"},
        {"SortedLists", "rpush", R"(
            RPUSH l 3 1 2 10 1
            SORT l
            SORT l DESC
            SORT l ALPHA
            SORT l LIMIT 1 3
            SORT l BY nostar
            SORT l BY nostar DESC
            SORT l BY nostar LIMIT 1 2
            SORT l BY nostar DESC LIMIT 1 2
            SORT l BY nostar LIMIT 10 2
            SORT l BY nostar GET # GET none_*
            SORT l BY none_* ALPHA
            SORT l BY none_* ALPHA DESC
            MSET w_1 a w_2 a w_3 b
            SORT l BY w_* ALPHA
            SORT l BY w_* ALPHA DESC
            SORT l STORE d
            LRANGE d 0 -1
            TYPE d
            EXPIRE d 100
            SORT l DESC LIMIT 0 2 STORE d
            LRANGE d 0 -1
            TTL d
            SORT l GET none_* GET # STORE d
            LRANGE d 0 -1
            SORT l LIMIT 0 0 STORE d
            EXISTS d
            SORT l STORE l
            LRANGE l 0 -1
            SADD s c a b
            SORT s BY nostar STORE d
            LRANGE d 0 -1
            SORT s BY nostar DESC STORE d
            LRANGE d 0 -1
            SORT s BY nostar LIMIT 1 1 STORE d
            LRANGE d 0 -1
            SORT s ALPHA STORE d STORE e
            EXISTS d
            LRANGE e 0 -1
            SET str v
            SORT l STORE str
            TYPE str
            RPUSH many 5 5 5 4 4 3 01 1.0 1 x
            SORT many ALPHA
            SORT many
            OBJECT ENCODING d
        )"},
        {"SortedSortedSets", "zadd", R"(
            ZADD z 5 3 4 1 3 2 2 10
            SORT z
            SORT z DESC LIMIT 0 2
            SORT z ALPHA
            SORT z BY nostar
            SORT z BY nostar DESC
            SORT z BY nostar LIMIT 1 2
            SORT z BY nostar DESC LIMIT 1 2
            SORT z BY nostar LIMIT 1 0
            SORT z BY nostar LIMIT 4 1
            SORT z BY nostar GET #
            SORT_RO z BY nostar DESC
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
        {"HyperLogLogs", nullptr, R"(
            CONFIG SET hll-sparse-max-bytes 3000
            PFADD k
            GET k
            OBJECT ENCODING k
            PFADD k
            PFADD k a b c a
            GET k
            PFADD k a ""
            PFCOUNT k
            GET k
            PFCOUNT k
            PFCOUNT none
            PFCOUNT none k none
            PFMERGE m k none
            GET m
            PFMERGE empty
            GET empty
            PFMERGE m
            PFADD l c d e
            PFMERGE m l k
            PFCOUNT m
            PFCOUNT k l
            EXPIRE m 1000
            PFADD m x
            PFMERGE m k
            TTL m
            PFDEBUG ENCODING m
            PFDEBUG DECODE m
            PFDEBUG todense m
            PFDEBUG TODENSE m
            PFDEBUG DECODE m
            GET m
            PFCOUNT m
            PFDEBUG GETREG k
            PFDEBUG ENCODING k
            GET k
            PFMERGE l k
            GET l
            PFDEBUG ENCODING none
            PFDEBUG bogus k
            PFDEBUG "bo\r\ngus" k
            PFDEBUG ENCODING
            PFDEBUG ENCODING k k
            PFADD
            PFCOUNT
            PFMERGE
            PFSELFTEST bogus
            COMMAND INFO pfadd pfmerge pfdebug pfselftest
            COMMAND GETKEYS PFMERGE a b c
            COMMAND GETKEYS PFCOUNT a b
            COMMAND GETKEYS PFDEBUG GETREG a
            COMMAND LIST FILTERBY PATTERN pfa*
        )"},
        {"HyperLogLogsAtTheirLimit", nullptr, R"(
            CONFIG SET hll-sparse-max-bytes 0
            PFADD k
            PFDEBUG ENCODING k
            PFADD k a
            PFDEBUG ENCODING k
            PFADD l a
            PFMERGE m none
            PFDEBUG ENCODING m
            PFMERGE m l
            PFDEBUG ENCODING m
            CONFIG SET hll-sparse-max-bytes 21
            PFADD n a
            PFDEBUG ENCODING n
            PFADD n b
            PFDEBUG ENCODING n
            GET n
            CONFIG SET hll-sparse-max-bytes 20
            PFADD o a
            PFDEBUG ENCODING o
            CONFIG SET hll-sparse-max-bytes 27
            DEL k l
            PFADD k a b
            PFADD l c d
            PFDEBUG ENCODING k
            PFMERGE both k l
            PFDEBUG ENCODING both
            GET both
            CONFIG SET hll-sparse-max-bytes 3000
            PFMERGE k l
            PFDEBUG ENCODING k
            PFMERGE k both
            PFDEBUG ENCODING k
        )"},
        {"NotHyperLogLogs", nullptr, R"(
            CONFIG SET hll-sparse-max-bytes 3000
            SET k ""
            PFADD k
            PFADD k a
            PFCOUNT k
            PFCOUNT k k
            PFMERGE k
            PFMERGE m k
            PFDEBUG ENCODING k
            SET k 12345
            PFADD k a
            PFCOUNT k
            SET k "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
            PFADD k a
            SET k "HYLL\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"
            PFADD k a
            SET k "HYLL\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"
            PFCOUNT k
            SET k "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80"
            PFADD k
            PFADD k a
            PFCOUNT k
            PFDEBUG DECODE k
            PFDEBUG GETREG k
            PFDEBUG TODENSE k
            PFMERGE m k
            SET k "HYLL\x01\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x7f\xfe"
            PFCOUNT k
            PFCOUNT k k
            PFADD k a
            PFCOUNT k
            GET k
            SET k "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x70\x00"
            PFADD k hello a b
            GET k
            PFDEBUG DECODE k
            OBJECT ENCODING k
            SET k "HYLL\x01abc\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"
            OBJECT ENCODING k
            PFCOUNT k k
            OBJECT ENCODING k
            PFCOUNT k
            OBJECT ENCODING k
            PFMERGE m k
            GET m
            PFDEBUG TODENSE k
            SETRANGE k 6 x
            PFADD k a
            GET k
            APPEND k x
            PFCOUNT k
            EXISTS m
        )"},
        {"HyperLogLogsOfAnotherType", "SADD", R"(
            SADD k a
            PFADD k a
            PFCOUNT k
            PFCOUNT none k
            PFMERGE m k
            PFMERGE k
            PFDEBUG ENCODING k
            EXISTS m
        )"},
        {"HyperLogLogsAndWatch", nullptr, R"(
            PFADD k a
            WATCH k
            1> PFCOUNT k
            MULTI
            PFCOUNT k
            EXEC
            WATCH k
            1> PFCOUNT k
            1> PFADD k a
            1> PFDEBUG TODENSE k
            MULTI
            PFADD k b
            PFCOUNT k
            PFMERGE m k
            PFCOUNT m k
            EXEC
            WATCH k
            1> PFMERGE k
            MULTI
            PFCOUNT k
            EXEC
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
