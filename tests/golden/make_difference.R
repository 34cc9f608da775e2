# Difference tests, score tests of equalities across groups and Wald tests of robust fits, as lavaan computes them.
# usage: Rscript make_difference.R > difference.json     (in this folder; lavaan only: the JSON is written by hand)
suppressWarnings(suppressMessages(library(lavaan)))
hs <- read.csv("data/hs.csv")
missing <- read.csv("data/hs-missing.csv")
pd <- read.csv("data/pd.csv")
hsm <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
one <- "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9"
pdm <- "ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + %s*y2 + %s*y3 + %s*y4\ndem65 =~ y5 + %s*y6 + %s*y7 + %s*y8\ndem60 ~ ind60\ndem65 ~ ind60 + dem60\ny1 ~~ y5\ny2 ~~ y4 + y6\ny3 ~~ y7\ny4 ~~ y8\ny6 ~~ y8"
pd_free <- gsub("%s*", "", pdm, fixed = TRUE)
pd_equal <- do.call(sprintf, as.list(c(pdm, "a", "b", "c", "a", "b", "c")))
groups <- list(group = "school")
metric <- list(group = "school", group.equal = "loadings")
scalar <- list(group = "school", group.equal = c("loadings", "intercepts"))
# id, function, data, model and options of the general fit, of the restricted one, estimators
cases <- list(
  list("metric", "cfa", "hs", hsm, groups, hsm, metric, c("ML", "MLM", "MLR", "MLMV", "MLMVS")),
  list("scalar", "cfa", "hs", hsm, metric, hsm, scalar, c("MLM", "MLMV")),
  list("one-factor", "cfa", "hs", hsm, list(), one, list(), c("ML", "MLM", "MLMV", "GLS")),
  list("correlations-of-1", "cfa", "hs", hsm, list(std.lv = TRUE), paste0(hsm, "\nvisual ~~ 1*textual + 1*speed\ntextual ~~ 1*speed"), list(std.lv = TRUE), c("MLM", "MLR")),
  list("orthogonal", "cfa", "hs", hsm, list(meanstructure = TRUE), hsm, list(meanstructure = TRUE, orthogonal = TRUE), c("MLM", "MLR", "ULSMV")),
  list("pd-equal", "sem", "pd", pd_free, list(), pd_equal, list(), c("ML", "MLM", "MLMVS", "MLR")),
  list("fiml-metric", "cfa", "hs-missing", hsm, c(groups, missing = "fiml"), hsm, c(metric, missing = "fiml"), c("ML", "MLR"))
)
number <- function(x) ifelse(is.finite(x), formatC(x, digits = 12, format = "g"), "null")
text <- function(x) paste0('"', gsub("\n", "\\\\n", x), '"')
value_json <- function(x) { v <- if (is.logical(x)) tolower(as.character(x)) else text(x); if (length(v) > 1) paste0("[", paste(v, collapse = ", "), "]") else v }
options_json <- function(o) paste0("{", paste(sprintf('"%s": %s', names(o), sapply(o, value_json)), collapse = ", "), "}")
methods <- list(
  default = list(),
  satorra_bentler_2001 = list(method = "satorra.bentler.2001"),
  satorra_bentler_2010 = list(method = "satorra.bentler.2010"),
  satorra_2000 = list(method = "satorra.2000"),
  satorra_2000_exact = list(method = "satorra.2000", A.method = "exact")
)
allowed <- function(estimator) {
  if (estimator %in% c("ML", "GLS")) return("default")
  if (estimator %in% c("MLMV", "MLMVS", "ULSMV")) return(c("default", "satorra_2000", "satorra_2000_exact"))
  names(methods)
}
test_json <- function(name, general, restricted) {
  t <- tryCatch(suppressWarnings(do.call(lavTestLRT, c(list(general, restricted), methods[[name]]))), error = function(e) NULL)
  if (is.null(t)) return(NULL)
  sprintf('"%s": {"statistic": %s, "df": %d, "pvalue": %s}', name, number(t[2, "Chisq diff"]), as.integer(t[2, "Df diff"]), number(t[2, "Pr(>Chisq)"]))
}
difference_json <- function(case, estimator) {
  data <- read.csv(sprintf("data/%s.csv", case[[3]]))
  fit <- function(model, options) do.call(case[[2]], c(list(model = model, data = data, estimator = estimator), options))
  general <- fit(case[[4]], case[[5]]); restricted <- fit(case[[6]], case[[7]])
  tests <- unlist(lapply(allowed(estimator), test_json, general, restricted))
  sprintf('{"id": "%s-%s", "fun": "%s", "data": "data/%s.csv", "estimator": "%s",\n  "general": {"model": %s, "options": %s},\n  "restricted": {"model": %s, "options": %s},\n  "tests": {%s}}',
    case[[1]], tolower(estimator), case[[2]], case[[3]], estimator, text(case[[4]]), options_json(case[[5]]), text(case[[6]]), options_json(case[[7]]),
    paste(tests, collapse = ",\n    "))
}
differences <- unlist(lapply(cases, function(case) sapply(case[[8]], function(e) difference_json(case, e))))
# lavaan tells the order of the constraints only; ours is the same
score_json <- function(options) {
  f <- do.call("cfa", c(list(model = hsm, data = hs), options)); s <- lavTestScore(f)
  sprintf('{"options": %s, "uni": [%s], "total": {"statistic": %s, "df": %d, "pvalue": %s}}', options_json(options),
    paste(number(s$uni$X2), collapse = ", "), number(s$test$X2), as.integer(s$test$df), number(s$test$p.value))
}
labelled <- "visual =~ x1 + c(a1, a2)*x2 + c(b1, b2)*x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
wald_json <- function(estimator) {
  f <- cfa(labelled, hs, group = "school", estimator = estimator); w <- lavTestWald(f, "a1 == a2\nb1 == b2")
  sprintf('{"estimator": "%s", "statistic": %s, "df": %d, "pvalue": %s}', estimator, number(w$stat), as.integer(w$df), number(w$p.value))
}
cat(sprintf('{"_meta": {"tool": "lavaan", "version": "%s", "script": "make_difference.R"},\n"model": %s, "labelled": %s, "hypotheses": "a1 == a2\\nb1 == b2",\n"differences": [\n%s],\n"score": [\n%s],\n"wald": [\n%s]}\n',
  packageVersion("lavaan"), text(hsm), text(labelled), paste(differences, collapse = ",\n"),
  paste(sapply(list(metric, scalar), score_json), collapse = ",\n"), paste(sapply(c("ML", "MLM", "MLR"), wald_json), collapse = ",\n")))
