#!/bin/bash
declare -a stick1=("haos" "10c4:ea60" "0123abcd")
declare -a stick2=("lab" "10c4:ea60" "0658_0200")
declare -a stick3=("spare" "10c4:ea60" "DONT_KNOW")
declare -a stick4=("late" "10c4:ea60" "fedc")
declare -a stick5=("haos" "0658:0200" "DONT_KNOW")
declare -a stick6=("haos" "VEN4:PROD4" "DUMMY")
declare -a groups=("stick1" "stick2" "stick3" "stick4" "stick5" "stick6" "stick7")
