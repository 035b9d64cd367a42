//go:build ignore

// Command generate draws the sea chart and sounds the fog horn of the demo:
//
//	go run generate.go
package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"log"
	"math"
	"os"
)

func main() {
	write("private/chart.png", chart(480, 300))
	write("private/foghorn.wav", foghorn(8000, 3.4))
}

func write(name string, data []byte) {
	if err := os.WriteFile(name, data, 0o644); err != nil {
		log.Fatal(err)
	}
}

// chart draws land, shallows and depth contours in a palette of eight colours.
func chart(width, height int) []byte {
	palette := color.Palette{
		color.RGBA{0xf1, 0xe3, 0xb9, 0xff}, // land
		color.RGBA{0x8a, 0x6f, 0x3d, 0xff}, // coast line
		color.RGBA{0xb9, 0xdc, 0xe0, 0xff}, // shallow
		color.RGBA{0xd2, 0xe8, 0xe9, 0xff},
		color.RGBA{0xe6, 0xf1, 0xf0, 0xff},
		color.RGBA{0xf6, 0xf8, 0xf5, 0xff}, // deep
		color.RGBA{0x7f, 0xb0, 0xb8, 0xff}, // depth contour
		color.RGBA{0xa8, 0x3a, 0x8c, 0xff}, // compass rose
	}
	const land, coast, shallow, deep, contour, rose = 0, 1, 2, 5, 6, 7
	band := func(x, y int) int {
		return int(math.Floor(depth(float64(x)/float64(width), float64(y)/float64(height)) * 9))
	}
	img := image.NewPaletted(image.Rect(0, 0, width, height), palette)
	for y := range height {
		for x := range width {
			b := band(x, y)
			edge := b != band(x+1, y) || b != band(x, y+1)
			switch {
			case edge && (b < 0 || band(x+1, y) < 0 || band(x, y+1) < 0):
				img.SetColorIndex(x, y, coast)
			case b < 0:
				img.SetColorIndex(x, y, land)
			case edge:
				img.SetColorIndex(x, y, contour)
			default:
				img.SetColorIndex(x, y, uint8(min(shallow+b, deep)))
			}
		}
	}
	cx, cy := float64(width)*0.8, float64(height)*0.26
	for y := range height {
		for x := range width {
			dx, dy := float64(x)-cx, float64(y)-cy
			r, a := math.Hypot(dx, dy), math.Atan2(dy, dx)
			ring := math.Abs(r-44) < 0.8 || math.Abs(r-39) < 0.6
			tick := r > 39 && r < 44 && math.Abs(math.Remainder(a, math.Pi/18))*r < 0.7
			point := r < 36 && math.Abs(math.Remainder(a, math.Pi/2))*r < (36-r)*0.13
			if ring || tick || point {
				img.SetColorIndex(x, y, rose)
			}
		}
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, img); err != nil {
		log.Fatal(err)
	}
	return out.Bytes()
}

// depth is below zero on land and rises to about one on the open sea.
func depth(x, y float64) float64 {
	shore := 0.36 + 0.1*math.Sin(5.1*y+0.6) + 0.05*math.Sin(13*y+2) + 0.02*math.Sin(31*y)
	sea := 1.5 * (x - shore)
	island := func(cx, cy, size float64) float64 {
		d := math.Hypot((x-cx)*1.6, y-cy)
		a := math.Atan2(y-cy, x-cx)
		return (d - size*(1+0.22*math.Sin(3*a+1)+0.12*math.Sin(7*a))) * 2.1
	}
	return min(sea, island(0.62, 0.66, 0.09), island(0.78, 0.84, 0.045))
}

// foghorn sounds two low notes with soft ends, as 16-bit mono PCM in a WAV file.
func foghorn(rate int, seconds float64) []byte {
	n := int(float64(rate) * seconds)
	var out bytes.Buffer
	out.WriteString("RIFF")
	binary.Write(&out, binary.LittleEndian, uint32(36+2*n))
	out.WriteString("WAVEfmt ")
	binary.Write(&out, binary.LittleEndian, struct {
		Size                uint32
		Format, Channels    uint16
		Rate, BytesASecond  uint32
		BlockAlign, BitSize uint16
	}{16, 1, 1, uint32(rate), uint32(2 * rate), 2, 16})
	out.WriteString("data")
	binary.Write(&out, binary.LittleEndian, uint32(2*n))
	for i := range n {
		t := float64(i) / float64(rate)
		v := note(t, 0.1, 1.5, 155.56) + note(t, 1.75, 1.5, 116.54)
		binary.Write(&out, binary.LittleEndian, int16(v*24000))
	}
	return out.Bytes()
}

// note is a reed-like tone of the given pitch in Hz between start and start+length seconds.
func note(t, start, length, pitch float64) float64 {
	t -= start
	if t < 0 || t > length {
		return 0
	}
	envelope := min(t/0.12, 1, (length-t)/0.45)
	v := 0.0
	for k, loud := range []float64{1, 0.62, 0.4, 0.26, 0.14, 0.08} {
		v += loud * math.Sin(2*math.Pi*pitch*float64(k+1)*t+0.3*math.Sin(2*math.Pi*5*t))
	}
	return envelope * v / 2.5
}
