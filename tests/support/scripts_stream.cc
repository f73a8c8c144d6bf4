/* scripts_stream.cc — written streams of commands on streams. */
#include "tests/support/scripts.h"

namespace lk
{

const std::vector<TextScript> &stream_scripts()
{
    static const std::vector<TextScript> all = {
        {"StreamWords", nullptr, R"(
            XRANGE s '' +
            XRANGE s -5 +
            XRANGE s '5-' +
            XRANGE s ' 5' +
            XRANGE s '+5' +
            XRANGE s '007-01' +
            XRANGE s 5--1 +
            XRANGE s '5--01' +
            XRANGE s '5-+1' +
            XRANGE s '5- 1' +
            XRANGE s '5 ' +
            XRANGE s '5-1 ' +
            XRANGE s '0x5' +
            XRANGE s '18446744073709551615' +
            XRANGE s '18446744073709551616' +
            XRANGE s '5-*' +
            XRANGE s '(' +
            XRANGE s '(-' +
            XRANGE s '(+' +
            XRANGE s '(5' +
            XRANGE s '((5' +
            XRANGE s "5\x00abc" +
            XRANGE s "-\x00abc" +
            XRANGE s "(\x00abc" +
            XRANGE s '$' +
            XRANGE s '*' +
            XRANGE s '--' +
            XRANGE s '-+' +
            XRANGE s '+-' +
            XRANGE s '5-6-7' +
            XRANGE s '(18446744073709551615-18446744073709551615' +
            XRANGE s - '(0-0'
            XRANGE s - '(0'
            XREVRANGE s '(0-0' -
            XREVRANGE s + '(18446744073709551615-18446744073709551615'
            XRANGE s - + COUNT
            XRANGE s - + COUNT x
            XRANGE s - + COUNT 1 COUNT 0
            XRANGE s - + FOO 1
            XRANGE s x + COUNT x
            XRANGE s - + COUNT 0
            XRANGE s - + COUNT -5
            XADD s 5 a b
            XADD s 6- a b
            XADD s ' 7-1' a b
            XADD s 8-1 a b
            XADD s '' a b
            XADD s - a b
            XADD s + a b
            XADD s 9-+1 a b
            XADD s 000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000010-1 a b
            XADD s 00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000010-1 a b
            XRANGE s - + COUNT 0
            XRANGE s - + COUNT -5
            XRANGE s - + COUNT 1 COUNT 2
            SET str x
            XRANGE str - + COUNT 0
            XRANGE str - x
            XRANGE str - + COUNT x
            XRANGE none - + COUNT 0
            XREVRANGE s + -
            XREVRANGE s x y
            XREVRANGE s '(5' y
            XREVRANGE s - +
            XADD s 5 a b
            XADD s NOMKSTREAM
            XADD s MAXLEN 5 *
            XADD s MAXLEN 5 * a b c
            XADD s MAXLEN x * a b
            XADD s MAXLEN -1 * a b
            XADD s MAXLEN ~ -1 * a b
            XADD s MAXLEN = x * a b
            XADD s MAXLEN 1 MINID 5 * a b
            XADD s MAXLEN 1 MAXLEN 5 * a b
            XADD s MINID x * a b
            XADD s LIMIT 5 * a b
            XADD s MAXLEN 1 LIMIT 5 * a b
            XADD s MAXLEN ~ 1 LIMIT -5 * a b
            XADD s MAXLEN ~ 1 LIMIT x * a b
            XADD s LIMIT x * a b
            XADD s FOO 5 * a b
            XADD s FOO b
            XADD s x a b c
            XADD s 5-1 a b c
            XADD s 5-* a b c
            XADD s 5-* a b
            XADD s 0 a b
            XADD s 0-0 a b
            XADD s 0-* a b
            XADD n 0-* a b
            XADD n 0-0 a b
            XADD n2 0-0 a b
            XADD s 1-1 a b
            XADD s 18446744073709551615-18446744073709551615 a b
            XADD s 18446744073709551615-* a b
            XADD s 18446744073709551615 a b
            XADD s 5 a b
            XADD none NOMKSTREAM 0-0 a b
            XADD none NOMKSTREAM x a b
            XADD none NOMKSTREAM 5 a b
            EXISTS none
            SET str x
            XADD str 0-0 a b
            XADD str NOMKSTREAM x a b
            XADD s 5 maxlen
            XADD s maxlen = = a b
            XADD s maxlen ~
            XADD s maxlen ~ 5
            XADD s maxlen ~ 5 *
            XTRIM s
            XTRIM s MAXLEN
            XTRIM s MAXLEN 5
            XTRIM s MAXLEN ~
            XTRIM s MAXLEN ~ x
            XTRIM s MAXLEN = 5
            XTRIM s MAXLEN ~ 5 LIMIT
            XTRIM s MAXLEN ~ 5 LIMIT x
            XTRIM s LIMIT 5
            XTRIM s LIMIT 5 MAXLEN ~ 5
            XTRIM s LIMIT x MAXLEN
            XTRIM s FOO 5
            XTRIM s MAXLEN 5 FOO
            XTRIM s NOMKSTREAM 5 5
            XTRIM s MAXLEN 5 MINID 1
            XTRIM s MINID
            XTRIM s MINID 5-*
            XTRIM s MINID $
            XTRIM s MINID ~ +
            XTRIM s MINID = 5 LIMIT 1
            XTRIM s MINID ~ 5 LIMIT 0
            XTRIM none MINID ~ 5 LIMIT 0
            XTRIM str MINID ~ 5 LIMIT 0
            XTRIM str MINID ~ x LIMIT 0
            XTRIM str MAXLEN 1 LIMIT 5
            XTRIM s MAXLEN ~ 9223372036854775808
            XTRIM s MAXLEN ~ = 5
            XTRIM s LIMIT 5 FOO
            XTRIM s LIMIT 5 LIMIT 6
            XADD s 0-0 a b c
            XLEN s
            XLEN none
            SET str x
            XLEN str
            XADD s 5 a b
            XADD s 6 a b
            XDEL s
            XDEL s 5 x
            XDEL none x
            XDEL str x
            XDEL s - +
            XDEL s 5 5 7
            XDEL s 6-0
            XLEN s
            EXISTS s
            XSETID s
            XSETID s 1
            XSETID s 9 ENTRIESADDED
            XSETID s 9 ENTRIESADDED x
            XSETID s 9 ENTRIESADDED -1
            XSETID s 9 MAXDELETEDID x
            XSETID s 9 MAXDELETEDID 10
            XSETID s 9 MAXDELETEDID 8 ENTRIESADDED 10 MAXDELETEDID 7
            XSETID s 9 FOO 1
            XSETID s -
            XSETID s $
            XSETID s 0-0
            XSETID s 5
            XSETID s 6
            XSETID s 9 MAXDELETEDID 0-0
            XSETID s 8
            XADD s 10 a b
            XSETID s 9
            XSETID s 20 ENTRIESADDED 0
            XSETID s 20 ENTRIESADDED 1
            XSETID s 20 MAXDELETEDID 20
            XSETID s 20 ENTRIESADDED 9223372036854775808
            XSETID none 5
            XSETID none x
            XSETID str 5
            XSETID none 5 ENTRIESADDED x
            XSETID none 5 MAXDELETEDID 6
            XSETID s 5 ENTRIESADDED 0 
            XSETID s 9 MAXDELETEDID 50 ENTRIESADDED x
            XSETID s 9 ENTRIESADDED -1 MAXDELETEDID 50
            XREAD COUNT 1 STREAMS
            XREAD STREAMS s
            XREAD STREAMS s 0 1
            XREAD COUNT x STREAMS s 0
            XREAD COUNT 0 STREAMS s 0
            XREAD COUNT -5 STREAMS s 0
            XREAD BLOCK x STREAMS s 0
            XREAD BLOCK -1 STREAMS s 0
            XREAD BLOCK 1.5 STREAMS s 0
            XREAD BLOCK 9223372036854775807 STREAMS s 0
            XREAD BLOCK 9223372036854775808 STREAMS s 0
            XREAD FOO STREAMS s 0
            XREAD COUNT 1
            XREAD COUNT 1 FOO
            XREAD NOACK STREAMS s 0
            XREAD GROUP g c STREAMS s 0
            XREAD STREAMS s x
            XREAD STREAMS s >
            XREAD STREAMS s -
            XREAD STREAMS s '5-*'
            XREAD STREAMS str 0
            XREAD STREAMS str x
            XREAD STREAMS s str 0 0
            XREAD STREAMS str s 0 x
            XREAD STREAMS s 10
            XREAD STREAMS s none 10 0
            XREAD STREAMS s none 0 0
            XREAD STREAMS s s 0 0
            XREAD STREAMS s 18446744073709551615-18446744073709551615
            XREAD BLOCK 10 STREAMS s 10
            XREAD BLOCK 10 STREAMS none $
            XREAD BLOCK 10 STREAMS s $
            XREAD STREAMS str $
            XREAD STREAMS none $
            XREAD STREAMS s none 0
            XREAD STREAMS s (5
            XREAD COUNT 1 BLOCK 1 COUNT 5 BLOCK 2 STREAMS s 0
            XREADGROUP STREAMS s 0
            XREADGROUP GROUP g c STREAMS s >
            XREADGROUP GROUP g c STREAMS none >
            XREADGROUP GROUP g STREAMS s >
            XREADGROUP COUNT 1 STREAMS s >
            XREADGROUP COUNT 1 NOACK STREAMS s s >
            XREADGROUP COUNT 1 NOACK BLOCK 0 STREAMS s >
            XREADGROUP GROUP g c STREAMS s x
            XREADGROUP GROUP g c STREAMS s $
            XREADGROUP GROUP g c STREAMS str $
            XGROUP CREATE s g 0
            XGROUP CREATE s h $
            XREADGROUP GROUP g c STREAMS s x
            XREADGROUP GROUP g c STREAMS s $
            XREADGROUP GROUP g c STREAMS s -
            XREADGROUP GROUP g c STREAMS s str > 0
            XREADGROUP GROUP g c STREAMS s none > 0
            XREADGROUP GROUP g c STREAMS s s 0
            XREADGROUP GROUP g c STREAMS s s 0 1 2
            XREADGROUP GROUP g c NOACK GROUP h d STREAMS s 0
            XREADGROUP GROUP g c COUNT 0 STREAMS s 0
            XREADGROUP GROUP g c STREAMS s >
            XREADGROUP GROUP g c STREAMS s >
            XREADGROUP GROUP g c STREAMS s 0
            XREADGROUP GROUP g c STREAMS s 10
            XDEL s 10
            XREADGROUP GROUP g c STREAMS s 0
            XREADGROUP GROUP g newc BLOCK 10 STREAMS s >
            XREADGROUP GROUP g newc STREAMS s s > 0
            XREADGROUP GROUP g newd STREAMS s s 0 >
            XREADGROUP GROUP g newd STREAMS s (5
            XREADGROUP GROUP g newd BLOCK -1 STREAMS s 0
            DEL s
            XADD s 1 a b
            XADD s 2 a b
            XGROUP CREATE s g 0
            XRANGE s - + COUNT 0
            XREAD STREAMS s none 0 0
            XREAD STREAMS s 5
            XREADGROUP GROUP g c STREAMS s >
            XREADGROUP GROUP g c STREAMS s >
            XREADGROUP GROUP g c STREAMS s 0
            XDEL s 1
            XREADGROUP GROUP g c STREAMS s 0
            XREADGROUP GROUP g c STREAMS s 2
            XREAD BLOCK 10 STREAMS s 10
        )"},
        {"StreamTransactions", nullptr, R"(
            MULTI
            XADD k 1 a b
            XREAD BLOCK 0 STREAMS k $
            XREAD BLOCK 0 STREAMS k 0
            XTRIM k MAXLEN 0
            XLEN k
            EXEC
            WATCH k
            1> XGROUP CREATE k g 0
            1> XADD k 2 a b
            MULTI
            XLEN k
            EXEC
            WATCH k
            1> XREADGROUP GROUP g c STREAMS k >
            1> XREADGROUP GROUP g d STREAMS k >
            MULTI
            XLEN k
            EXEC
            WATCH k
            1> XDEL k 7
            1> XTRIM k MAXLEN 100
            MULTI
            XLEN k
            EXEC
            COMMAND GETKEYS XREAD COUNT 5 STREAMS a b 0 0
            COMMAND GETKEYS XREADGROUP GROUP g c COUNT 1 NOACK STREAMS a b > >
            COMMAND GETKEYSANDFLAGS XREADGROUP GROUP g c STREAMS a >
            COMMAND GETKEYSANDFLAGS XADD a * b c
        )"},
    };
    return all;
}

} // namespace lk
