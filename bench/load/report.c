/* report.c — a row a command, or one object of JSON. */
#include "bench/load/report.h"

#include <stdio.h>

static double report_us(uint64_t ns)
{
    return (double)ns / 1000;
}

static void report_row(const char *name, const struct hist *h, double seconds)
{
    printf("%-12.12s %12llu %12.0f %9.1f %9.1f %9.1f %9.1f %9.1f %9.1f\n", name,
           (unsigned long long)h->count, seconds > 0 ? (double)h->count / seconds : 0,
           hist_mean(h) / 1000, report_us(hist_percentile(h, 0.50)),
           report_us(hist_percentile(h, 0.99)), report_us(hist_percentile(h, 0.999)),
           report_us(hist_percentile(h, 0.9999)), report_us(h->max));
}

void report_text(const struct mix *mix, const struct stats *s, const struct hist *all)
{
    printf("%-12s %12s %12s %9s %9s %9s %9s %9s %9s\n", "", "requests", "a second", "mean us",
           "p50", "p99", "p99.9", "p99.99", "max");
    for (uint32_t i = 0; i < mix->command_count; i++)
        report_row(mix->commands[i].name, &s->latency[i], s->seconds);
    if (mix->command_count > 1)
        report_row("all", all, s->seconds);
    printf("\n%.3f s; %llu errors, %llu nils, %llu wrong values, %llu unanswered, %llu lost "
           "connections\n",
           s->seconds, (unsigned long long)s->errors, (unsigned long long)s->misses,
           (unsigned long long)s->wrong, (unsigned long long)s->unanswered,
           (unsigned long long)s->lost_conns);
    if (s->replies > 0)
        printf("%.1f bytes sent and %.1f received a request; the client spent %.0f CPU ns on it\n",
               (double)s->sent_bytes / (double)s->replies,
               (double)s->received_bytes / (double)s->replies,
               (double)s->cpu_ns / (double)s->replies);
    for (int i = 0; i < STATS_ERRORS && s->first_errors[i].count; i++)
        printf("%10llu x %s\n", (unsigned long long)s->first_errors[i].count,
               s->first_errors[i].text);
}

static void report_json_string(FILE *f, const char *text)
{
    fputc('"', f);
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            fprintf(f, "\\%c", *p);
        else if (*p < 0x20 || *p >= 0x7f)
            fprintf(f, "\\u%04x", *p);
        else
            fputc(*p, f);
    }
    fputc('"', f);
}

static void report_json_latency(FILE *f, const struct hist *h, double seconds)
{
    static const double curve[] = {0,     0.1,    0.2,   0.3,    0.4,    0.5,     0.6,     0.7,
                                   0.75,  0.8,    0.85,  0.9,    0.925,  0.95,    0.975,   0.99,
                                   0.995, 0.9975, 0.999, 0.9995, 0.9999, 0.99995, 0.99999, 1};
    fprintf(f,
            "{\"requests\": %llu, \"per_second\": %.1f, \"mean_us\": %.3f, \"min_us\": %.3f, "
            "\"p50_us\": %.3f, \"p99_us\": %.3f, \"p999_us\": %.3f, \"p9999_us\": %.3f, "
            "\"max_us\": %.3f, \"curve\": [",
            (unsigned long long)h->count, seconds > 0 ? (double)h->count / seconds : 0,
            hist_mean(h) / 1000, report_us(h->min), report_us(hist_percentile(h, 0.50)),
            report_us(hist_percentile(h, 0.99)), report_us(hist_percentile(h, 0.999)),
            report_us(hist_percentile(h, 0.9999)), report_us(h->max));
    for (size_t i = 0; i < sizeof curve / sizeof *curve; i++)
        fprintf(f, "%s[%g, %.3f]", i ? ", " : "", curve[i] * 100,
                report_us(hist_percentile(h, curve[i])));
    fprintf(f, "]}");
}

void report_json(FILE *f, const struct mix *mix, const struct stats *s, const struct hist *all,
                 const struct samples *series)
{
    fprintf(f, "{\"seconds\": %.6f, \"requests\": %llu, \"per_second\": %.1f,\n", s->seconds,
            (unsigned long long)s->replies, s->seconds > 0 ? (double)s->replies / s->seconds : 0);
    fprintf(f, " \"errors\": %llu, \"nils\": %llu, \"wrong\": %llu, \"unanswered\": %llu, ",
            (unsigned long long)s->errors, (unsigned long long)s->misses,
            (unsigned long long)s->wrong, (unsigned long long)s->unanswered);
    fprintf(f, "\"oldest_unanswered_us\": %.3f, ", report_us(s->oldest_ns));
    fprintf(f, "\"lost_conns\": %llu, \"sent_bytes\": %llu, \"received_bytes\": %llu, ",
            (unsigned long long)s->lost_conns, (unsigned long long)s->sent_bytes,
            (unsigned long long)s->received_bytes);
    fprintf(f, "\"client_cpu_ns\": %.1f,\n \"error_texts\": {",
            s->replies ? (double)s->cpu_ns / (double)s->replies : 0);
    for (int i = 0; i < STATS_ERRORS && s->first_errors[i].count; i++) {
        fprintf(f, "%s", i ? ", " : "");
        report_json_string(f, s->first_errors[i].text);
        fprintf(f, ": %llu", (unsigned long long)s->first_errors[i].count);
    }
    fprintf(f, "},\n \"latency\": ");
    report_json_latency(f, all, s->seconds);
    fprintf(f, ",\n \"commands\": [");
    for (uint32_t i = 0; i < mix->command_count; i++) {
        fprintf(f, "%s\n  {\"text\": ", i ? "," : "");
        report_json_string(f, mix->commands[i].text);
        fprintf(f, ", \"latency\": ");
        report_json_latency(f, &s->latency[i], s->seconds);
        fprintf(f, "}");
    }
    fprintf(f, "],\n \"series\": [");
    for (uint32_t i = 0; i < series->count; i++)
        fprintf(f, "%s[%.3f, %llu, %.3f, %llu]", i ? ", " : "", series->v[i].at_s,
                (unsigned long long)series->v[i].replies, report_us(series->v[i].max_ns),
                (unsigned long long)series->v[i].errors);
    fprintf(f, "]}\n");
}
