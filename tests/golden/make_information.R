# Fits in which fixed predictors, the kind of information and incomplete rows come together.
# usage: Rscript make_information.R > information.json     (in this folder; lavaan only: the JSON is written by hand)
suppressMessages(library(lavaan))
factors <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
mimic <- paste0(factors, "\nvisual + textual + speed ~ sex + ageyr")
paths <- "x1 ~ ageyr + sex\nx2 ~ x1 + sex\nx3 ~ x2 + ageyr"
growth <- "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4\ns =~ 0*t1 + 1*t2 + 2*t3 + 3*t4\ni ~ x1 + x2\ns ~ x1 + x2"
ybm <- "yuan.bentler.mplus"
cases <- list(
  # fixed predictors under WLS
  list("wls-mimic", mimic, "hs", list(estimator = "WLS", fixed.x = TRUE)),
  list("wls-mimic-means", mimic, "hs", list(estimator = "WLS", fixed.x = TRUE, meanstructure = TRUE)),
  list("wls-paths-groups", paths, "hs", list(estimator = "WLS", fixed.x = TRUE, group = "school")),
  list("wls-growth", growth, "growth", list(estimator = "WLS", fixed.x = TRUE)),
  list("residual-adf", mimic, "hs", list(fixed.x = TRUE, test = "browne.residual.adf")),
  # information of the test and of standard errors
  list("ybm-alone", mimic, "hs", list(test = ybm)),
  list("ybm-hessian-h1", mimic, "hs", list(information = "observed", test = ybm)),
  list("ybm-hessian", mimic, "hs", list(information = "observed", observed.information = "hessian", test = ybm)),
  list("ybm-h1", mimic, "hs", list(information = "observed", observed.information = "h1", test = ybm)),
  list("mlr-h1", mimic, "hs", list(estimator = "MLR", information = "observed", observed.information = "h1")),
  list("mlr-plain-errors", mimic, "hs", list(estimator = "MLR", se = "standard")),
  list("mlr-h1-groups", sub("sex \\+ ", "", mimic), "hs", list(estimator = "MLR", information = "observed", observed.information = "h1", group = "school", group.equal = "loadings")),
  # incomplete rows
  list("fiml-mlr-expected", mimic, "hs-missing-x", list(estimator = "MLR", missing = "ml", information = "expected")),
  list("fiml-mlr-h1", mimic, "hs-missing-x", list(estimator = "MLR", missing = "ml", information = "observed", observed.information = "h1")),
  list("fiml-yuan-bentler", mimic, "hs-missing-x", list(missing = "ml", test = "yuan.bentler")),
  list("fiml-yuan-bentler-expected", mimic, "hs-missing-x", list(missing = "ml", information = "expected", test = "yuan.bentler")),
  list("fiml-first-order", factors, "hs-missing", list(missing = "ml", information = "first.order")),
  list("two-stage-expected", factors, "hs-missing", list(missing = "two.stage", information = "expected")),
  list("robust-two-stage-expected", factors, "hs-missing", list(missing = "robust.two.stage", information = "expected"))
)
number <- function(x) ifelse(is.finite(x), formatC(x, digits = 12, format = "g"), "null")
value <- function(x) if (is.logical(x)) tolower(x) else paste0('"', x, '"')
object <- function(names, values) paste0("{", paste(sprintf('"%s": %s', names, values), collapse = ", "), "}")
one <- function(case) {
  f <- suppressWarnings(do.call("sem", c(list(case[[2]], read.csv(paste0("data/", case[[3]], ".csv"))), case[[4]])))
  rows <- parameterEstimates(f); m <- unclass(fitMeasures(f)); if (is.null(rows$group)) rows$group <- 1
  tests <- Filter(is.list, lavInspect(f, "test"))
  estimates <- sprintf('{"lhs": "%s", "op": "%s", "rhs": "%s", "group": %d, "est": %s, "se": %s}', rows$lhs, rows$op, rows$rhs, rows$group, number(rows$est), number(rows$se))
  sprintf('{"id": "%s", "model": "%s", "data": "%s.csv",\n "options": %s,\n "tests": %s,\n "fit_measures": %s,\n "estimates": [\n  %s]}', case[[1]], gsub("\n", "\\\\n", case[[2]]), case[[3]],
    object(names(case[[4]]), sapply(case[[4]], value)), object(sapply(tests, `[[`, "test"), number(sapply(tests, `[[`, "stat"))),
    object(names(m), number(unlist(m))), paste(estimates, collapse = ",\n  "))
}
cat('{"_meta": {"kind": "oracle", "tool": "lavaan", "version": "', as.character(packageVersion("lavaan")), '", "script": "make_information.R"},\n"cases": [\n', sep = "")
cat(paste(sapply(cases, one), collapse = ",\n")); cat("\n]}\n")
