/*
 * geo_area_priv.h — how an area gets its runs, for geo_area*.c.
 */
#ifndef LK_DS_GEO_AREA_PRIV_H
#define LK_DS_GEO_AREA_PRIV_H

#include "core/ds/geo_area.h"

/* A circle or box: cells around the centre. */
void geo_cover_center(struct geo_area *a);
/* A polygon: cells that hold all its vertices. */
void geo_cover_vertices(struct geo_area *a);

#endif
