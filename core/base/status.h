/*
 * status.h — every way a call can fail, as one negative number.
 *
 * Modules below the command layer return these; core/cmd/reply.c turns them into the
 * error lines that clients see.  A call that fails has changed nothing.
 */
#ifndef LK_BASE_STATUS_H
#define LK_BASE_STATUS_H

enum status {
    LK_OK = 0,
    LK_ENOMEM = -1,     /* maxmemory, or a size a client chose could not be had */
    LK_ETYPE = -2,      /* the key holds another type */
    LK_ENOTINT = -3,    /* not an integer, or out of int64's range */
    LK_ENOTFLOAT = -4,  /* not a valid float */
    LK_EOVERFLOW = -5,  /* increment or decrement would overflow */
    LK_ENANINF = -6,    /* increment would produce NaN or Infinity */
    LK_ESYNTAX = -7,    /* options that do not fit together */
    LK_ENOKEY = -8,     /* no such key */
    LK_ERANGE = -9,     /* index or offset out of range */
    LK_ETOOBIG = -10,   /* a string would pass proto-max-bulk-len */
    LK_EDBINDEX = -11,  /* no such database */
    LK_ESAME = -12,     /* source and destination objects are the same */
    LK_EEXPIRE = -13,   /* an expire time that cannot be held */
    LK_ENEGATE = -14,   /* DECRBY of the smallest integer */
    LK_EIO = -15,       /* the disk or the network said no; errno says what */
    LK_EFORMAT = -16,   /* bytes that are not what their format says */
    LK_EBUSY = -17,     /* what is asked for is already under way */
    LK_EAGAIN = -18,    /* not now, without waiting; try again when told */
    LK_ECURSOR = -19,   /* not a cursor of SCAN */
    LK_ENOTPOS = -20,   /* a count that must not be negative is */
    LK_EHASHINT = -21,  /* a field of a hash is not an integer */
    LK_EHASHFLT = -22,  /* … not a float */
    LK_ENOTFIN = -23,   /* an increment that is NaN or infinite */
    LK_ENAN = -24,      /* a sum of scores would be no number */
    LK_EMINMAX = -25,   /* an end of a range of scores is not a float */
    LK_ELEX = -26,      /* an end of a range of members is none */
    LK_ENOTHLL = -27,   /* a string that is no HyperLogLog */
    LK_EHLL = -28,      /* a HyperLogLog whose registers do not add up */
    LK_ENOTID = -29,    /* not an ID of a stream's entry */
    LK_EIDMIN = -30,    /* nothing is above the ID that a range begins without */
    LK_EIDMAX = -31,    /* nothing is below the ID that a range ends without */
    LK_ENOVALUES = -32, /* NOVALUES, and it is not HSCAN */
};

#endif
