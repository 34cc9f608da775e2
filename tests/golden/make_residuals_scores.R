# Residuals, their standard errors and factor scores of lavaan, for models whose fit is in the other golden files.
# usage: Rscript make_residuals_scores.R > residuals_scores.json     (in this folder; lavaan only: the JSON is written by hand)
suppressMessages(library(lavaan))
hs <- read.csv("data/hs.csv")
pd <- read.csv("data/pd.csv")
growth_data <- read.csv("data/growth.csv")
loop_data <- read.csv("data/feedback-loop.csv")
hsm <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
equal <- "visual =~ x1 + a*x2 + b*x3\ntextual =~ x4 + c*x5 + c*x6\nspeed =~ x7 + x8 + x9"
pdm <- "ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + y2 + y3 + y4\ndem65 =~ y5 + y6 + y7 + y8\ndem60 ~ ind60\ndem65 ~ ind60 + dem60\ny1 ~~ y5\ny2 ~~ y4 + y6\ny3 ~~ y7\ny4 ~~ y8\ny6 ~~ y8"
gm <- "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4\ns =~ 0*t1 + 1*t2 + 2*t3 + 3*t4\ni ~ x1 + x2\ns ~ x1 + x2\nt1 ~ c1\nt2 ~ c2\nt3 ~ c3\nt4 ~ c4"
lm <- "A =~ a1+a2+a3\nB =~ b1+b2+b3\nX =~ x1+x2+x3\nZ =~ z1+z2+z3\nA ~ f*B + X\nB ~ g*A + Z\nA ~~ B"
cases <- list(
  list("hs-cfa", "cfa", hsm, hs, "hs", list(), TRUE),
  list("hs-cfa-means-equal", "cfa", equal, hs, "hs", list(meanstructure = TRUE), TRUE),
  list("hs-cfa-equal", "cfa", equal, hs, "hs", list(), TRUE),
  list("hs-cfa-orthogonal", "cfa", hsm, hs, "hs", list(orthogonal = TRUE), TRUE),
  list("hs-cfa-wishart", "cfa", hsm, hs, "hs", list(likelihood = "wishart"), TRUE),
  list("hs-second-order", "cfa", paste0(hsm, "\ng =~ visual + textual + speed"), hs, "hs", list(), FALSE),
  list("hs-mimic", "sem", paste0(hsm, "\nvisual + textual + speed ~ sex + ageyr"), hs, "hs", list(), TRUE),
  list("hs-mimic-means", "sem", paste0(hsm, "\nvisual + textual + speed ~ sex + ageyr"), hs, "hs", list(meanstructure = TRUE), TRUE),
  list("hs-mimic-random-x", "sem", paste0(hsm, "\nvisual + textual + speed ~ sex + ageyr"), hs, "hs", list(fixed.x = FALSE), TRUE),
  list("hs-item-on-item", "sem", "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\ntextual ~ visual\nx7 ~ textual + x3", hs, "hs", list(meanstructure = TRUE), FALSE),
  list("hs-single-indicator", "sem", "visual =~ x1 + x2 + x3\nspeed =~ x7\nspeed ~ visual", hs, "hs", list(), FALSE),
  list("pd-sem", "sem", pdm, pd, "pd", list(), TRUE),
  list("growth", "growth", gm, growth_data, "growth", list(), TRUE),
  list("feedback-loop", "sem", lm, loop_data, "feedback-loop", list(), TRUE)
)
number <- function(x) { x <- unname(unclass(x)); ifelse(is.finite(x), formatC(x, digits = 12, format = "g"), "null") }
vector_json <- function(x) paste0("[", paste(number(as.vector(x)), collapse = ", "), "]")
matrix_json <- function(m) paste0("[", paste(apply(unclass(m), 1, vector_json), collapse = ", "), "]")
any_json <- function(x) if (is.null(x)) "null" else if (is.matrix(x)) matrix_json(x) else vector_json(x)
names_json <- function(x) paste0("[", paste0('"', x, '"', collapse = ", "), "]")
option_json <- function(x) if (is.logical(x)) tolower(as.character(x)) else paste0('"', x, '"')
residual_json <- function(f, type) {
  r <- lavResiduals(f, type = type, se = TRUE, zstat = TRUE, output = "list", summary = FALSE)
  parts <- intersect(c("cov", "cov.se", "cov.z", "mean", "mean.se", "mean.z"), names(r))
  paste0("{", paste(sprintf('"%s": %s', gsub("\\.", "_", parts), sapply(parts, function(p) any_json(r[[p]]))), collapse = ",\n      "), "}")
}
z_json <- function(f, type) {
  r <- residuals(f, type = type)
  parts <- intersect(c("cov", "mean"), names(r))
  paste0("{", paste(sprintf('"%s": %s', parts, sapply(parts, function(p) any_json(r[[p]]))), collapse = ",\n      "), "}")
}
rows_json <- function(scores) { m <- unclass(scores); attr(m, "se") <- NULL; matrix_json(m[1:5, , drop = FALSE]) }
# lavaan's standard errors are one row for complete data
score_json <- function(f, method) {
  s <- tryCatch(lavPredict(f, method = method, se = "standard"), error = function(e) NULL)
  p <- lavPredict(f, method = method)
  se <- if (is.null(s)) "null" else vector_json(attr(s, "se")[[1]])
  sprintf('{"names": %s, "rows": %s, "se": %s}', names_json(colnames(p)), rows_json(p), se)
}
case_json <- function(case) {
  f <- do.call(case[[2]], c(list(model = case[[3]], data = case[[4]]), case[[6]]))
  options <- case[[6]]
  written <- paste(sprintf('"%s": %s', names(options), sapply(options, option_json)), collapse = ", ")
  out <- c(sprintf('"id": "%s"', case[[1]]), sprintf('"fun": "%s"', case[[2]]),
    sprintf('"model": "%s"', gsub("\n", "\\\\n", case[[3]])), sprintf('"data": "data/%s.csv"', case[[5]]),
    sprintf('"options": {%s}', if (length(options)) written else ""),
    sprintf('"names": %s', names_json(lavNames(f, "ov"))))
  if (case[[7]]) {
    types <- c("raw", "cor.bentler", "cor.bollen")
    z_types <- c("normalized", "standardized")
    out <- c(out, sprintf('"residuals": {%s}', paste(c(
      sprintf('"%s": %s', types, sapply(types, function(t) residual_json(f, t))),
      sprintf('"%s": %s', z_types, sapply(z_types, function(t) z_json(f, t)))), collapse = ",\n    ")))
  }
  out <- c(out, sprintf('"regression": %s', tryCatch(score_json(f, "regression"), error = function(e) {message(case[[1]], " ", conditionMessage(e)); "null"})),
    sprintf('"bartlett": %s', tryCatch(score_json(f, "Bartlett"), error = function(e) {message(case[[1]], " ", conditionMessage(e)); "null"})))
  paste0("  {", paste(out, collapse = ",\n   "), "}")
}
cat('{"_meta": {"kind": "oracle", "tool": "lavaan", "version": "', as.character(packageVersion("lavaan")),
  '", "script": "make_residuals_scores.R"},\n"cases": [\n', paste(sapply(cases, case_json), collapse = ",\n"), '\n]}\n', sep = "")
