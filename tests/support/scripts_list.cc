/* scripts_list.cc — written streams of list commands. */
#include "tests/support/scripts.h"

namespace lk
{

const std::vector<TextScript> &list_scripts()
{
    static const std::vector<TextScript> all = {
        {"ListEnds", nullptr, R"(
            RPUSH l a b c
            LPUSH l 1 2 3
            LRANGE l 0 -1
            LPOP l
            RPOP l
            LPOP l 0
            LPOP l 2
            RPOP l 100
            LPOP l
            LPOP l 0
            LPOP l 1
            LPOP l -1
            LPOP l x
            LPOP l 9223372036854775807
            LPOP l 9223372036854775808
            LPOP l 1 2
            LPOP
            EXISTS l
            LPUSHX l a
            RPUSHX l a
            LPUSHX l
            LPUSH l
            SET s x
            LPUSH s a
            RPUSHX s a
            LPOP s
            LPOP s 0
            LPOP s x
            LLEN s
            LLEN none
            HELLO 3
            LPOP l
            LPOP l 1
        )"},
        {"ListElementsOfEveryForm", nullptr, R"(
            RPUSH l "" 0 -0 00 127 128 -1 4095 4096 -4096 -4097 32767 32768 -32768 -32769
            RPUSH l 8388607 8388608 -8388608 -8388609 2147483647 2147483648 -2147483649
            RPUSH l 9223372036854775807 -9223372036854775808 9223372036854775808 1.0 " 1" +1 1e3
            RPUSH l "\x00\xff\r\n" x
            LRANGE l 0 -1
            DEBUG DIGEST-VALUE l
            LPOS l 127
            LPOS l 00
            LREM l 0 128
            LINSERT l BEFORE 4096 "\x00"
            LSET l -1 12345678901
            LRANGE l 3 -3
            DEBUG DIGEST-VALUE l none
            CONFIG SET list-max-listpack-size 4
            RPUSH l last
            DEBUG DIGEST-VALUE l
            LRANGE l 0 -1
            CONFIG SET list-max-listpack-size -2
        )"},
        {"ListRanges", nullptr, R"(
            RPUSH l 0 1 2 3 4 5 6 7 8 9
            LRANGE l 0 0
            LRANGE l -1 -1
            LRANGE l 3 1
            LRANGE l 10 20
            LRANGE l -100 2
            LRANGE l 5 100
            LRANGE l -9223372036854775808 9223372036854775807
            LRANGE l 9223372036854775807 -9223372036854775808
            LRANGE l a 1
            LRANGE l 1 a
            LRANGE none a 1
            LINDEX l 9
            LINDEX l 10
            LINDEX l -10
            LINDEX l -11
            LINDEX l -9223372036854775808
            LINDEX l a
            LINDEX none a
            LTRIM l 2 -3
            LRANGE l 0 -1
            LTRIM l -3 100
            LRANGE l 0 -1
            LTRIM l -100 1
            LRANGE l 0 -1
            LTRIM l 5 1
            EXISTS l
            LTRIM l a b
            LTRIM none 0 1
        )"},
        {"ListPositions", nullptr, R"(
            RPUSH l a b c 1 2 3 c c
            LPOS l c
            LPOS l c RANK 2
            LPOS l c RANK -1
            LPOS l c RANK 4
            LPOS l c COUNT 0
            LPOS l c COUNT 2 RANK -1
            LPOS l c COUNT 0 MAXLEN 3
            LPOS l c COUNT 0 MAXLEN 2
            LPOS l c MAXLEN 0
            LPOS l c RANK -1 MAXLEN 1
            LPOS l c RANK 0
            LPOS l c RANK -9223372036854775808
            LPOS l c RANK 9223372036854775807
            LPOS l c COUNT -1
            LPOS l c COUNT x
            LPOS l c MAXLEN x
            LPOS l c MAXLEN -1
            LPOS l c RANK
            LPOS l c RANK x
            LPOS l c COUNT 1 COUNT 2
            LPOS l c BOGUS 1
            LPOS l x
            LPOS l x COUNT 1
            LPOS none c
            LPOS none c COUNT 1
            LPOS none c RANK 0
            SET s x
            LPOS s c
            HELLO 3
            LPOS l x
            LPOS none c COUNT 1
        )"},
        {"ListChanges", nullptr, R"(
            RPUSH l a x b x c x
            LSET l 0 A
            LSET l -1 X
            LSET l 6 y
            LSET l -7 y
            LSET l y y
            LSET none y y
            LINSERT l BEFORE b 1
            LINSERT l AFTER b 2
            LINSERT l AFTER X 3
            LINSERT l before A 0
            LINSERT l BEFORE nobody 4
            LINSERT none BEFORE a 4
            LINSERT l BESIDE a 4
            LRANGE l 0 -1
            LREM l -1 x
            LREM l 1 x
            LREM l 0 x
            LREM l -9223372036854775808 A
            LREM l x x
            LREM none x x
            LREM none 0 x
            LRANGE l 0 -1
            SET s x
            LSET s 0 a
            LINSERT s BEFORE a b
            LREM s 0 a
            LTRIM s 0 1
            LRANGE s 0 1
            LINDEX s 0
        )"},
        {"ListMoves", nullptr, R"(
            RPUSH a 1 2 3
            LMOVE a b LEFT RIGHT
            LMOVE a b RIGHT LEFT
            RPOPLPUSH a b
            EXISTS a
            RPOPLPUSH a b
            LMOVE a b LEFT LEFT
            LRANGE b 0 -1
            LMOVE b b LEFT RIGHT
            LMOVE b b LEFT LEFT
            RPOPLPUSH b b
            LRANGE b 0 -1
            SET s x
            LMOVE b s LEFT LEFT
            LMOVE s b LEFT LEFT
            LMOVE none s LEFT LEFT
            LMOVE s s LEFT LEFT
            RPOPLPUSH b s
            LMOVE b c UP LEFT
            LMOVE b c LEFT DOWN
            LMOVE none c UP LEFT
            LMOVE b c LEFT
            LRANGE b 0 -1
            HELLO 3
            LMOVE none b LEFT LEFT
        )"},
        {"ListPopsOfSeveral", nullptr, R"(
            RPUSH b 1 2 3 4 5
            LMPOP 2 a b LEFT
            LMPOP 2 a b RIGHT COUNT 2
            LMPOP 1 b left count 100
            LMPOP 2 a b LEFT
            RPUSH b 1
            SET s x
            LMPOP 2 s b LEFT
            LMPOP 2 b s LEFT
            LMPOP 0 b LEFT
            LMPOP -1 b LEFT
            LMPOP x b LEFT
            LMPOP 2 b LEFT
            LMPOP 1 b UP
            LMPOP 1 b LEFT COUNT
            LMPOP 1 b LEFT COUNT 0
            LMPOP 1 b LEFT COUNT x
            LMPOP 1 b LEFT COUNT 0 MAX 2
            LMPOP 1 b LEFT MAX 2 COUNT 0
            LMPOP 1 b LEFT COUNT 1 COUNT 2
            LMPOP 1 b LEFT MAX 2
            LMPOP 1 b
            LMPOP 9223372036854775807 b LEFT
            HELLO 3
            LMPOP 2 a b LEFT
        )"},
        {"ListsThatBlock", nullptr, R"(
            RPUSH b 1 2 3 4 5 6
            BLPOP a b 0
            BRPOP a b 0
            BLMPOP 0 2 a b LEFT COUNT 2
            BLMOVE b c LEFT LEFT 0
            BRPOPLPUSH b c 0
            BLPOP b 0.01
            BRPOP b a 0.01
            BLMOVE b c LEFT LEFT 0.01
            BRPOPLPUSH b c 0.01
            BLMPOP 0.01 1 b LEFT
            SET s x
            BLPOP a s c 0.01
            BLMPOP 0.01 2 s c LEFT
            BLMOVE a s LEFT LEFT 0.01
            BLMOVE c s LEFT LEFT 0.01
            BRPOPLPUSH s c 0.01
            BLPOP a x
            BLPOP a -1
            BLPOP a nan
            BLPOP a ""
            BLMOVE a b UP LEFT x
            BLMOVE a b LEFT UP x
            BLMOVE a b LEFT LEFT x
            BRPOPLPUSH a b -1
            BLMPOP x 0 a LEFT
            BLMPOP x 1 a UP
            BLMPOP x 1 a LEFT COUNT 0
            BLMPOP x 1 a LEFT
            BLMPOP -1 1 a LEFT
            MULTI
            BLPOP a b 0
            BLMOVE a b LEFT LEFT 0
            BRPOPLPUSH a b 0
            BLMPOP 0 1 a LEFT
            BRPOP c 0
            EXEC
            HELLO 3
            BLPOP a 0.01
            BLMOVE a b LEFT LEFT 0.01
            BLMPOP 0.01 1 a LEFT
        )"},
        {"ListsAndWatchers", nullptr, R"(
            RPUSH l a b c
            1> WATCH l
            LTRIM l 0 -1
            1> MULTI
            1> EXEC
            1> WATCH l
            LREM l 0 x
            LINSERT l BEFORE x y
            LPOP l 0
            1> MULTI
            1> EXEC
            1> WATCH l
            LMOVE l l LEFT LEFT
            1> MULTI
            1> EXEC
        )"},
    };
    return all;
}

} // namespace lk
