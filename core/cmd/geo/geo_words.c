/*
 * geo_words.c — places, units and distances as clients write and read them.
 */
#include "core/cmd/geo/geo_words.h"

bool geo_parse_point(struct exec *x, const struct args *a, uint32_t i, struct geo_point *out)
{
    if (args_double(a, i, &out->longitude) != LK_OK ||
        args_double(a, i + 1, &out->latitude) != LK_OK) {
        reply_status(x, LK_ENOTFLOAT);
        return false;
    }
    if (!geo_point_valid(*out)) {
        reply_error(x->reply, "ERR invalid longitude,latitude pair %f,%f", out->longitude,
                    out->latitude);
        return false;
    }
    return true;
}

bool geo_parse_unit(struct exec *x, const struct args *a, uint32_t i, double *meters)
{
    static const struct {
        const char *word;
        double meters;
    } units[] = {{"m", 1}, {"km", 1000}, {"ft", 0.3048}, {"mi", 1609.34}};
    for (size_t k = 0; k < sizeof units / sizeof units[0]; k++) {
        if (args_is(a, i, units[k].word)) {
            *meters = units[k].meters;
            return true;
        }
    }
    reply_error(x->reply, "ERR unsupported unit provided. please use M, KM, FT, MI");
    return false;
}

void reply_geo_point(struct reply *r, struct geo_point p)
{
    reply_array(r, 2);
    reply_long_double(r, p.longitude);
    reply_long_double(r, p.latitude);
}

void reply_geo_distance(struct reply *r, double distance)
{
    char digits[FIXED_CHARS];
    reply_bulk(r, bytes_of(digits, double_to_fixed(distance, 4, digits)));
}
