# What lavaan says beside estimates of fits with several groups, incomplete rows, weights and robust corrections.
# usage: Rscript make_groups_extras.R > groups_extras.json     (in this folder; lavaan only: the JSON is written by hand)
# Modification indices: the twelve largest. Residuals: those whose standard errors this version computes as it documents
# them (not MLR, full information or parameters equal over groups: see docs/validation.md).
suppressMessages(library(lavaan))
hs <- read.csv("data/hs.csv"); hm <- read.csv("data/hs-missing.csv"); hw <- read.csv("data/hs-weights.csv")
m <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
s <- paste0(m, "\ntextual ~ visual\nspeed ~ textual + visual")
z <- c("normalized", "standardized")
cases <- list(
  list("configural", "cfa", m, hs, "hs", list(group = "school"), z),
  list("metric", "cfa", m, hs, "hs", list(group = "school", group.equal = "loadings"), "normalized"),
  list("scalar", "cfa", m, hs, "hs", list(group = "school", group.equal = c("loadings", "intercepts")), "normalized"),
  list("structural", "sem", s, hs, "hs", list(group = "school", group.equal = "loadings"), "normalized"),
  list("fiml", "cfa", m, hm, "hs-missing", list(missing = "ml"), "normalized"),
  list("fiml-groups", "cfa", m, hm, "hs-missing", list(missing = "ml", estimator = "MLR", group = "school", group.equal = "loadings"), "normalized"),
  list("weights", "cfa", m, hw, "hs-weights", list(sampling.weights = "w", estimator = "MLR"), "normalized"),
  list("mlr", "cfa", m, hs, "hs", list(estimator = "MLR"), "normalized"),
  list("mlm", "cfa", m, hs, "hs", list(estimator = "MLM"), z),
  list("gls", "cfa", m, hs, "hs", list(estimator = "GLS"), z),
  list("wls", "cfa", m, hs, "hs", list(estimator = "WLS"), z)
)
number <- function(x) { x <- unname(unclass(x)); ifelse(is.finite(x), formatC(x, digits = 12, format = "g"), "null") }
array_json <- function(x) paste0("[", paste(number(as.vector(x)), collapse = ", "), "]")
matrix_json <- function(x) paste0("[", paste(apply(unclass(x), 1, array_json), collapse = ", "), "]")
texts <- function(x) paste0("[", paste0('"', x, '"', collapse = ", "), "]")
mi_json <- function(f) {
  rows <- head(modindices(f, sort. = TRUE), 12)
  group <- if (is.null(rows$group)) rep(1, nrow(rows)) else rows$group
  paste0("[", paste(sprintf('{"lhs": "%s", "op": "%s", "rhs": "%s", "group": %d, "mi": %s, "epc": %s, "sepc_lv": %s, "sepc_all": %s}',
    rows$lhs, rows$op, rows$rhs, group, number(rows$mi), number(rows$epc), number(rows$sepc.lv), number(rows$sepc.all)), collapse = ",\n     "), "]")
}
residual_json <- function(f, type) {
  r <- residuals(f, type = type); r <- if (is.list(r[[1]])) r else list(r)
  paste0("[", paste(sapply(r, function(g) paste0('{"cov": ', matrix_json(g$cov), if (is.null(g$mean)) "" else paste0(', "mean": ', array_json(g$mean)), "}")), collapse = ",\n     "), "]")
}
r2_json <- function(f) {
  r <- lavInspect(f, "rsquare"); r <- if (is.list(r)) r else list(r)
  paste0("[", paste(sapply(r, function(g) paste0("{", paste(sprintf('"%s": %s', names(g), number(g)), collapse = ", "), "}")), collapse = ", "), "]")
}
score_json <- function(f, method) {
  p <- tryCatch(lavPredict(f, method = method), error = function(e) NULL); if (is.null(p)) return("null")
  p <- if (is.list(p)) p else list(p)
  paste0("[", paste(sapply(p, function(g) matrix_json(unclass(g)[1:4, , drop = FALSE])), collapse = ",\n     "), "]")
}
option <- function(x) if (length(x) > 1) texts(x) else paste0('"', x, '"')
case_json <- function(case) {
  f <- suppressWarnings(do.call(case[[2]], c(list(model = case[[3]], data = case[[4]]), case[[6]])))
  out <- c(sprintf('"id": "%s"', case[[1]]), sprintf('"fun": "%s"', case[[2]]), sprintf('"model": "%s"', gsub("\n", "\\\\n", case[[3]])),
    sprintf('"data": "data/%s.csv"', case[[5]]),
    sprintf('"options": {%s}', paste(sprintf('"%s": %s', names(case[[6]]), sapply(case[[6]], option)), collapse = ", ")),
    sprintf('"group_chisq": %s', array_json(lavInspect(f, "test")[[1]]$stat.group)),
    sprintf('"modification_indices": %s', suppressWarnings(mi_json(f))),
    sprintf('"residuals": {%s}', paste(sprintf('"%s": %s', case[[7]], sapply(case[[7]], function(t) residual_json(f, t))), collapse = ",\n    ")),
    sprintf('"r_squared": %s', r2_json(f)), sprintf('"regression": %s', score_json(f, "regression")), sprintf('"bartlett": %s', score_json(f, "Bartlett")))
  paste0("  {", paste(out, collapse = ",\n   "), "}")
}
cat('{"_meta": {"kind": "oracle", "tool": "lavaan", "version": "', as.character(packageVersion("lavaan")),
  '", "script": "make_groups_extras.R"},\n"cases": [\n', paste(sapply(cases, case_json), collapse = ",\n"), '\n]}\n', sep = "")
