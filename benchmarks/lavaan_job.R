# Times lavaan on the job that trustsem is timed on: fit, estimates with standardised values, all fit measures.
# Usage: Rscript lavaan_job.R DATA.csv MODEL.txt REPEAT [OPTION=VALUE ...]; prints seconds of every run, then chi-square and df.
suppressPackageStartupMessages(library(lavaan))
arguments <- commandArgs(trailingOnly = TRUE)
data <- read.csv(arguments[1])
model <- paste(readLines(arguments[2]), collapse = "\n")

pairs <- strsplit(arguments[-(1:3)], "=")
options <- setNames(lapply(pairs, `[`, 2), vapply(pairs, `[`, "", 1))

job <- function() {
  # by name: lavaan reads the name from the call
  fit <- do.call("sem", c(list(model, data = data), options))
  parameterEstimates(fit, standardized = TRUE)
  fitMeasures(fit)
}

measures <- job() # warm-up
seconds <- replicate(as.integer(arguments[3]), system.time(job(), gcFirst = FALSE)[["elapsed"]])
cat(format(seconds, digits = 6), "\n")
cat(format(measures[["chisq"]], digits = 10), measures[["df"]], "\n")
