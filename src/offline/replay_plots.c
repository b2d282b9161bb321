/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_page.h"

#include <math.h>

#define WIDTH  1000 /* of a plot, in units of its viewBox */
#define HEIGHT 200
#define HALF   480 /* width of the small ones */
#define LABELS 38  /* room below for labels */
#define BELOW  28  /* where they stand */

/* ---- over time ------------------------------------------------------------ */

/* A time as short as the bins allow. */
static const char *label_of(char buf[MLG_ISO_TEXT], const mlg_course_t *c,
                            int64_t bin)
{
    mlg_report_clock(buf, (c->first + bin) * c->width_s * APR_USEC_PER_SEC);
    buf[(c->width_s >= 86400) ? 10 : (c->width_s >= 60) ? 16 : 19] = '\0';
    return buf;
}

static void put_course_bar(FILE *to, const mlg_course_t *c, uint32_t i,
                           double width, double scale)
{
    const mlg_course_bin_t *bin = &c->bin[i];
    double all = (double)bin->requests * scale;
    double hot = (double)bin->refused * scale;
    double wide = (width > 3.0) ? width - 1.0 : width;
    char at[MLG_ISO_TEXT];
    char a[REPLAY_NUMBER_TEXT];
    char b[REPLAY_NUMBER_TEXT];

    if (bin->requests == 0) {
        return;
    }
    fprintf(to, "<g><title>%s: %s requests, %s refused</title>",
            label_of(at, c, i), replay_number(a, bin->requests),
            replay_number(b, bin->refused));
    fprintf(to,
            "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
            "height=\"%.1f\"/>",
            i * width, HEIGHT - all, wide, all - hot);
    if (bin->refused > 0) {
        fprintf(to,
                "<rect class=\"hot bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                "height=\"%.1f\"/>",
                i * width, HEIGHT - hot, wide, hot);
    }
    fputs("</g>\n", to);
}

void replay_put_course(FILE *to, const mlg_findings_t *f)
{
    const mlg_course_t *c = &f->course;
    uint64_t most = 1;
    double width = (c->n > 0) ? (double)WIDTH / c->n : WIDTH;
    char text[MLG_ISO_TEXT];
    char span[MLG_DURATION_TEXT];
    char number[REPLAY_NUMBER_TEXT];

    for (uint32_t i = 0; i < c->n; i++) {
        most = (c->bin[i].requests > most) ? c->bin[i].requests : most;
    }
    fprintf(to,
            "<section><h2>Requests over time</h2>\n<svg viewBox=\"0 0 %d %d\" "
            "role=\"img\" aria-label=\"Requests and refusals over time\">\n",
            WIDTH, HEIGHT + LABELS);
    for (uint32_t i = 0; i < c->n; i++) {
        put_course_bar(to, c, i, width, (HEIGHT - 24) / (double)most);
    }
    fprintf(to,
            "<line class=\"axis\" x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
            "<text x=\"0\" y=\"%d\">%s</text>"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">",
            WIDTH, HEIGHT, HEIGHT, HEIGHT + BELOW, label_of(text, c, 0), WIDTH,
            HEIGHT + BELOW);
    fprintf(to,
            "%s</text></svg>\n<p class=\"key\"><i></i>passed<i class=\"hot\">"
            "</i>would be refused; one bar is %s, the highest is %s "
            "requests; UTC</p></section>\n",
            label_of(text, c, c->n),
            mlg_report_duration(span, c->width_s * APR_USEC_PER_SEC),
            replay_number(number, most));
}

/* ---- scores --------------------------------------------------------------- */

static void put_threshold(FILE *to, float threshold)
{
    double x = (double)threshold * WIDTH;

    fprintf(to,
            "<line class=\"limit\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" "
            "y2=\"%d\"/><text class=\"limit\" x=\"%.1f\" y=\"24\" "
            "text-anchor=\"%s\">threshold %.6g</text>\n",
            x, x, HEIGHT, x + ((x > 300) ? -8 : 8), (x > 300) ? "end" : "start",
            (double)threshold);
}

void replay_put_scores(FILE *to, const mlg_findings_t *f)
{
    double step = (double)WIDTH / MLG_FOUND_BUCKETS;
    int has_threshold = f->rules->threshold <= 1.0f;
    uint64_t most = 1;
    int hot = has_threshold ? mlg_found_bucket(f->rules->threshold)
                            : MLG_FOUND_BUCKETS;

    for (int i = 0; i < MLG_FOUND_BUCKETS; i++) {
        most = (f->score[i] > most) ? f->score[i] : most;
    }
    fprintf(to,
            "<section><h2>Scores of judged requests</h2>\n<svg viewBox=\"0 0 "
            "%d %d\" role=\"img\" aria-label=\"Judged requests by score, "
            "logarithmic\">\n",
            WIDTH, HEIGHT + LABELS);
    for (int i = 0; i < MLG_FOUND_BUCKETS; i++) {
        double high = (f->score[i] == 0)
                          ? 0.0
                          : 3.0 + (HEIGHT - 30) * log1p((double)f->score[i]) /
                                      log1p((double)most);
        char number[REPLAY_NUMBER_TEXT];

        if (f->score[i] > 0) {
            fprintf(to,
                    "<rect class=\"%sbar\" x=\"%.1f\" y=\"%.1f\" "
                    "width=\"%.1f\" height=\"%.1f\"><title>%s requests scored "
                    "%.2f to %.2f</title></rect>\n",
                    (i >= hot) ? "hot " : "", i * step + 0.5, HEIGHT - high,
                    step - 1.0, high, replay_number(number, f->score[i]),
                    i / 100.0, (i + 1) / 100.0);
        }
    }
    fprintf(to,
            "<line class=\"axis\" x1=\"0\" x2=\"%d\" y1=\"%d\" "
            "y2=\"%d\"/>\n",
            WIDTH, HEIGHT, HEIGHT);
    if (has_threshold) {
        put_threshold(to, f->rules->threshold);
    }
    for (int i = 0; i <= 4; i++) {
        fprintf(to, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%.2f</text>\n",
                i * WIDTH / 4, HEIGHT + BELOW,
                (i == 0)   ? "start"
                : (i == 4) ? "end"
                           : "middle",
                i / 4.0);
    }
    fprintf(to, "</svg><p>The scale is logarithmic. %s</p></section>\n",
            has_threshold ? "Three of a client&#39;s last five scores have to "
                            "reach the threshold before it is blocked."
                          : "No score has a client blocked: there is no "
                            "threshold.");
}

/* ---- thresholds ----------------------------------------------------------- */

static double value_of(const mlg_whatif_row_t *row, int is_clients)
{
    return (double)(is_clients ? row->clients : row->requests);
}

static double x_of(double threshold)
{
    return (threshold - 0.05) / 0.94 * (HALF - 10) + 5;
}

static void put_path(FILE *to, const mlg_findings_t *f, int is_clients,
                     double scale)
{
    for (int i = 0; i < MLG_WHATIF_GRID; i++) {
        const mlg_whatif_row_t *row = &f->whatif.row[i];

        fprintf(to, "%s%.1f %.1f", (i == 0) ? "M" : "L",
                x_of((double)row->threshold),
                HEIGHT - value_of(row, is_clients) * scale);
    }
}

static void put_real(FILE *to, const mlg_findings_t *f, int is_clients,
                     double scale)
{
    const mlg_whatif_row_t *real = &f->whatif.row[MLG_WHATIF_GRID];
    double x = x_of((double)real->threshold);
    double y = HEIGHT - value_of(real, is_clients) * scale;
    char number[REPLAY_NUMBER_TEXT];

    if (x < 0 || x > HALF) {
        return; /* the threshold lies outside of what is drawn */
    }
    fprintf(to,
            "<line class=\"limit\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" "
            "y2=\"%d\"/><circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>"
            "<text class=\"limit\" x=\"%.1f\" y=\"16\" text-anchor=\"%s\">%s "
            "at %.6g</text>\n",
            x, x, HEIGHT, x, y, x + ((x > HALF / 2) ? -7 : 7),
            (x > HALF / 2) ? "end" : "start",
            replay_number(number, is_clients ? real->clients : real->requests),
            (double)real->threshold);
}

static void put_curve(FILE *to, const mlg_findings_t *f, const char *title,
                      int is_clients)
{
    double most = 1.0;
    double scale;

    for (int i = 0; i < MLG_WHATIF_ROWS; i++) {
        most = fmax(most, value_of(&f->whatif.row[i], is_clients));
    }
    scale = (HEIGHT - 30) / most;
    fprintf(to,
            "<div><h2>%s</h2><svg class=\"half\" viewBox=\"0 0 %d %d\" "
            "role=\"img\" aria-label=\"%s, by threshold\">\n",
            title, HALF, HEIGHT + LABELS, title);
    fputs("<path class=\"under\" d=\"", to);
    put_path(to, f, is_clients, scale);
    fprintf(to, "L%.1f %dL%.1f %dZ\"/><path class=\"curve\" d=\"", x_of(0.99),
            HEIGHT, x_of(0.05), HEIGHT);
    put_path(to, f, is_clients, scale);
    fprintf(to,
            "\"/><line class=\"axis\" x1=\"0\" x2=\"%d\" y1=\"%d\" "
            "y2=\"%d\"/>\n",
            HALF, HEIGHT, HEIGHT);
    put_real(to, f, is_clients, scale);
    for (int i = 10; i <= 90; i += 20) {
        fprintf(to,
                "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%.2f</text>\n",
                x_of(i / 100.0), HEIGHT + BELOW, "middle", i / 100.0);
    }
    fputs("</svg></div>\n", to);
}

void replay_put_curves(FILE *to, const mlg_findings_t *f)
{
    fputs("<section><div class=\"two\">\n", to);
    put_curve(to, f, "Requests that a threshold would refuse", 0);
    put_curve(to, f, "Clients that a threshold would block", 1);
    fputs("</div>\n", to);
}
